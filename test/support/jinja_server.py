"""Renders templates with the real Jinja2, set as Ansible sets it, and with Ansible's own filters.

Reads one JSON request a line ({"template", "context", "others"}) and answers with one line each: {"text"} or
{"error"}. Floats, large integers and mappings come as {"$float": "1.5"}, {"$int": "1"} and {"$map": [[key, value]]}, so
that they keep their type and order.
"""

import ast
import importlib
import json
import signal
import sys

import jinja2


def decode(value):
    if isinstance(value, list):
        return [decode(item) for item in value]
    if isinstance(value, dict):
        if "$float" in value:
            return float(value["$float"])
        if "$int" in value:
            return int(value["$int"])
        if "$map" in value:
            return {key: decode(item) for key, item in value["$map"]}
        return {key: decode(item) for key, item in value.items()}
    return value


def load(kind, name):
    """Ansible's own filters or tests of one plugin file; none where this Ansible does not have it."""
    try:
        module = importlib.import_module(f"ansible.plugins.{kind}.{name}")
    except ImportError:
        return {}
    plugin = module.FilterModule if kind == "filter" else module.TestModule
    return getattr(plugin(), kind + "s")()


def with_header(env, source):
    """What the first line of a template sets, as Ansible's template module reads it."""
    mark = "#jinja2:"
    if not source.startswith(mark):
        return env, source
    line, _, rest = source[len(mark) :].partition("\n")
    pairs = (pair.split(":") for pair in line.split(","))
    settings = {key.strip(): ast.literal_eval(value.strip()) for key, value in pairs}
    return env.overlay(**settings), rest


def mandatory(value, msg=None):
    if isinstance(value, jinja2.Undefined):
        raise ValueError(msg or "not defined")
    return value


# Ansible wraps these for values that only its own engine has; what they do is what Jinja2's do.
WRAPPED = {"default", "d", "map", "select", "selectattr", "reject", "rejectattr", "mandatory"}
WRAPPED_TESTS = {"defined", "undefined", "vault_encrypted"}


def environment():
    env = jinja2.Environment(
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.DictLoader({}),
        cache_size=0,
    )
    env.filters.update(FILTERS)
    env.filters["mandatory"] = mandatory
    env.tests.update(TESTS)
    return env


FILTERS, TESTS = {}, {}
for plugin in ("core", "mathstuff", "encryption", "urls", "urlsplit"):
    FILTERS.update({k: v for k, v in load("filter", plugin).items() if k not in WRAPPED})
for plugin in ("core", "mathstuff", "uri"):
    TESTS.update({k: v for k, v in load("test", plugin).items() if k not in WRAPPED_TESTS})

ADDRESSES = ("ipaddr", "ipv4", "ipv6", "ipwrap", "ipsubnet", "nthhost", "ipmath")
for plugin in ADDRESSES:
    try:
        module = importlib.import_module(f"ansible_collections.ansible.utils.plugins.filter.{plugin}")
    except ImportError:
        break
    found = module.FilterModule().filters()
    FILTERS.update(found)
    FILTERS.update({f"ansible.utils.{name}": filter for name, filter in found.items()})
FILTERS.update({f"ansible.builtin.{name}": filter for name, filter in FILTERS.items() if "." not in name})
TESTS.update({f"ansible.builtin.{name}": test for name, test in TESTS.items()})

try:
    from ansible.utils.display import Display

    Display.deprecated = Display.warning = lambda *args, **kwargs: None
except ImportError:
    pass

# Seconds: some patterns keep Python's own `re` busy for ages. It looks for signals now and then.
PATIENCE = 5


def give_up(signum, frame):
    raise TimeoutError("it took too long")


signal.signal(signal.SIGALRM, give_up)

if __name__ == "__main__":
    import ansible.release

    versions = {
        "python": sys.version.split()[0],
        "jinja2": jinja2.__version__,
        "ansible": ansible.release.__version__,
    }
    print(json.dumps(versions), flush=True)
    env = environment()
    for line in sys.stdin:
        request = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        try:
            env.loader.mapping = request.get("others", {})
            own, source = with_header(env, request["template"])
            template = own.from_string(source)
            answer = {"text": template.render(decode(request["context"]))}
            json.dumps(answer).encode("utf-8")
            answer["text"].encode("utf-8")
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps(answer), flush=True)
