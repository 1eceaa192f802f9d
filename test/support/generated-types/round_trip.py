"""round_trip.py TYPES: reads {"type", "value"} lines, parses each value with its generated class, and writes it again."""
import importlib.util, json, sys

spec = importlib.util.spec_from_file_location("generated", sys.argv[1])
generated = sys.modules["generated"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generated)
for line in sys.stdin.buffer:
    message = json.loads(line)
    parsed = getattr(generated, message["type"]).model_validate(message["value"])
    print(json.dumps(parsed.model_dump(mode="json", exclude_unset=True, by_alias=True)))
