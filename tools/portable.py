"""Find what runs on one system alone and has no way out: `python tools/portable.py`.

Modules, functions and paths that Windows or macOS lack may stand where the code has asked first
(sys.platform, os.name, hasattr) or catches what is missing. `make lint` runs it; what is known to
be all right stands in ALLOWED, with the reason.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("live", "visuals", "model", "export", "benchmarks", "posejockey.py")
MODULES = {
    "fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "curses", "readline", "syslog",
    "posix", "winreg", "msvcrt", "winsound", "_winapi",
}  # fmt: skip
NAMES = {
    "os": {
        "fork", "forkpty", "getuid", "geteuid", "getgid", "getegid", "setuid", "setgid", "setsid",
        "getpgid", "setpgid", "killpg", "nice", "mkfifo", "mknod", "uname", "chown", "fchown",
        "chroot", "getloadavg", "sched_setaffinity", "sched_getaffinity", "sched_setscheduler",
        "wait", "waitpid", "sync", "pipe2", "statvfs", "sysconf", "startfile", "O_NONBLOCK",
        "O_CLOEXEC", "O_NOFOLLOW", "O_DIRECTORY",
    },
    "signal": {
        "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGCHLD", "SIGPIPE", "SIGWINCH",
        "SIGKILL", "SIGSTOP", "SIGCONT", "SIGBREAK", "alarm", "setitimer", "pause", "sigwait",
        "pthread_kill", "pthread_sigmask",
    },
    "socket": {
        "AF_UNIX", "AF_PACKET", "SO_REUSEPORT", "SO_BINDTODEVICE", "MSG_DONTWAIT", "socketpair",
    },
    "time": {"clock_gettime", "tzset", "pthread_getcpuclockid"},
    "subprocess": {"STARTUPINFO", "CREATE_NO_WINDOW", "CREATE_NEW_PROCESS_GROUP"},
}  # fmt: skip
PATHS = ("/dev/", "/proc", "/sys/", "/etc/", "/tmp", "/usr/", "/var/", "/run/", "C:\\")
ALLOWED = {
    ("live/midi_raw.py", "/dev/snd"): "Linux's own MIDI devices; nowhere else is it used",
    ("live/midi_raw.py", "/proc/asound"): "likewise",
    ("live/midi_raw.py", "os.O_NONBLOCK"): "likewise",
    ("model/data/music/midi_sound.py", "/usr/share/sounds/sf2"): "one of the places looked at",
    ("benchmarks/file_fuzz.py", "/proc/self/statm"): "a tool for developers, on Linux",
    ("benchmarks/file_fuzz.py", "resource"): "likewise",
}
_ASKS = ("sys.platform", "platform.system", "os.name", "hasattr(", "getattr(")
_CAUGHT = ("ImportError", "AttributeError", "OSError", "ModuleNotFoundError", "Exception")


def findings(text: str, name: str) -> Iterator[tuple[int, str]]:
    """Line and what is used there unasked, of one file's text."""
    tree = ast.parse(text, name)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        for what in _uses(node):
            if (name, what) not in ALLOWED and not _is_guarded(node, parents):
                yield getattr(node, "lineno", 0), what


def _uses(node: ast.AST) -> list[str]:
    match node:
        case ast.Import():
            return [alias.name for alias in node.names if alias.name in MODULES]
        case ast.ImportFrom(module=str(module)):
            if module in MODULES:
                return [module]
            return [f"{module}.{a.name}" for a in node.names if a.name in NAMES.get(module, ())]
        case ast.Attribute(value=ast.Name(id=module), attr=attribute):
            return [f"{module}.{attribute}"] if attribute in NAMES.get(module, ()) else []
        case ast.Constant(value=str(text)) if text.startswith(PATHS):
            return [text]
    return []


def _is_guarded(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether the system was asked before, here or earlier in the same function, or what happens
    without it is caught."""
    child = node
    while child in parents:
        parent = parents[child]
        if isinstance(parent, ast.If | ast.IfExp | ast.BoolOp | ast.While) and _asks(parent):
            return True
        if isinstance(parent, ast.Try) and child in parent.body and _catches(parent):
            return True
        if isinstance(parent, ast.With) and "suppress(" in _head(parent):
            return True
        if isinstance(parent, ast.FunctionDef) and _asks_before(parent, child):
            return True
        child = parent
    return isinstance(node, ast.Constant) and isinstance(parents.get(node), ast.Expr)  # a docstring


def _asks(node: ast.If | ast.IfExp | ast.BoolOp | ast.While) -> bool:
    test = node if isinstance(node, ast.BoolOp) else node.test
    return any(asked in ast.unparse(test) for asked in _ASKS)


def _catches(node: ast.Try) -> bool:
    types = " ".join(ast.unparse(h.type) if h.type else "Exception" for h in node.handlers)
    return any(caught in types for caught in _CAUGHT)


def _head(node: ast.With) -> str:
    return " ".join(ast.unparse(item) for item in node.items)


def _asks_before(function: ast.FunctionDef, child: ast.AST) -> bool:
    """An `if sys.platform ...: return` above it in the same function."""
    for statement in function.body:
        if statement is child:
            return False
        if isinstance(statement, ast.If) and _asks(statement):
            return True
    return False


def files() -> Iterator[Path]:
    for folder in FOLDERS:
        path = ROOT / folder
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def main() -> int:
    count = 0
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        for line, what in findings(path.read_text(encoding="utf-8"), name):
            print(f"{name}:{line}: {what} is not on every system; ask first, or catch it")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
