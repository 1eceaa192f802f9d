// The package on Debian 13.

import { describePackageOn } from "./installed-plugin-suite.ts";

describePackageOn("13");
