// The package on Debian 12.

import { describePackageOn } from "./installed-plugin-suite.ts";

describePackageOn("12");
