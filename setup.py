"""Build: the top-level folders become workbench.*; the kernels are compiled once per instruction set; one Cython module holds them all.

Environment:
    CC: The compiler.
    WORKBENCH_DEBUG: 1 turns Cython's checks on.
    WORKBENCH_JOBS: How many compilers may work at once.
    WORKBENCH_KEEP_GOING: 1 leaves out kernel files that do not compile; their ops run in NumPy.
    WORKBENCH_LEVELS: Names of the instruction set levels to build, as in "v3 v2"; all by default.
    WORKBENCH_NATIVE: 1 adds a level for this machine alone.
    WORKBENCH_SANITIZE: Sanitizers to build with, as in address,undefined.
"""

import hashlib
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.editable_wheel import editable_wheel

os.chdir(Path(__file__).resolve().parent)
FOLDERS = ["engine", "ext", "recipes", "conf", "dashboard", "experiments"]
MODULE = "workbench.ext.core._core"
NAMESPACE = Path("build/ns")  # build/ns/workbench/<folder> -> <folder>: what Cython, mypy, pyright and editable installs see
GENERATED = Path("build/generated")
CORE, KERNELS = Path("ext/core"), Path("ext/cpu")

DEBUG = os.environ.get("WORKBENCH_DEBUG") == "1"
SANITIZE = os.environ.get("WORKBENCH_SANITIZE", "")
KEEP_GOING = os.environ.get("WORKBENCH_KEEP_GOING") == "1"
NATIVE = os.environ.get("WORKBENCH_NATIVE") == "1"
FLAVOUR = "".join(f"-{word}" for word in (["debug"] if DEBUG else []) + [w for w in SANITIZE.split(",") if w])

LEVELS = {  # best first; suffix -> flags, bytes of a vector
    "x86_64": {
        "v4": (["-march=x86-64-v4", "-mprefer-vector-width=512"], 64),
        "v3": (["-march=x86-64-v3"], 32),
        "v2": (["-march=x86-64-v2"], 16),
    },
    "aarch64": {"neon": (["-march=armv8-a"], 16)},
}
BASELINE = {"x86_64": ["-march=x86-64-v2"], "aarch64": ["-march=armv8-a"]}.get(platform.machine(), [])
CHECKED = ["-O1", "-g", "-fno-omit-frame-pointer", f"-fsanitize={SANITIZE}", "-fno-sanitize-recover=undefined"] if SANITIZE else None
COMMON = ["-std=gnu11", "-fvisibility=hidden", "-fno-strict-aliasing", "-Wall", "-Wno-psabi", "-Wno-unused-function"]
CORE_FLAGS = [*COMMON, *BASELINE, *(CHECKED or ["-O2", "-g0"])]
KERNEL_FLAGS = [*COMMON, *(CHECKED or ["-O3", "-g0"]), "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"]
LINK_FLAGS = [f"-fsanitize={SANITIZE}"] if SANITIZE else ["-Wl,--strip-debug", "-Wl,-z,relro"]
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "initializedcheck": DEBUG,
    "nonecheck": DEBUG,
    "overflowcheck": False,
    "cdivision": True,
    "auto_pickle": False,
    "binding": False,
}


def compiler() -> list[str]:
    return shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")


def levels() -> dict[str, tuple[list[str], int]]:
    table = LEVELS.get(platform.machine(), {"base": ([], 16)})
    chosen = os.environ.get("WORKBENCH_LEVELS", "").split()
    if unknown := set(chosen) - set(table):
        raise SystemExit(f"workbench: expected WORKBENCH_LEVELS among {' '.join(table)}, got {' '.join(sorted(unknown))}")
    table = {name: level for name, level in table.items() if name in (chosen or table)}
    if not NATIVE:
        return table
    macros = subprocess.run([*compiler(), "-march=native", "-dM", "-E", "-x", "c", "/dev/null"], capture_output=True, text=True).stdout
    width = 64 if "__AVX512F__" in macros else 32 if "__AVX__" in macros else 16
    return {"native": (["-march=native"], width), **table}


def kernel_files() -> list[Path]:
    return sorted(KERNELS.glob("*.c"))


def write_if_changed(path: Path, text: str) -> None:
    """Leave the time stamp alone where nothing changed: objects depend on it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def families() -> str:
    """The header that lists levels and kernel families, so that a new kernel file needs no other edit."""
    names = []
    for source in kernel_files():
        found = re.findall(r"^WB_FAMILY\((\w+)\)", source.read_text(), re.MULTILINE)
        if found and found != [source.stem]:
            raise SystemExit(f"workbench: expected WB_FAMILY({source.stem}) in {source}, got {found}; a family is named like its file")
        names += found
    return (
        "/* Written by setup.py: the levels that are built, best first, and the families of ext/cpu. */\n"
        f"#define WB_LEVELS(X) {' '.join(f'X({level})' for level in levels())}\n"
        f"#define WB_FAMILIES(X, level) {' '.join(f'X({name}, level)' for name in names)}\n"
    )


def namespace() -> None:
    """Symlinks through which the folders have their import names without being installed."""
    root = NAMESPACE / "workbench"
    root.mkdir(parents=True, exist_ok=True)
    for folder in FOLDERS:
        if not (root / folder).is_symlink():
            (root / folder).symlink_to(Path("../../..") / folder, target_is_directory=True)


def probe() -> None:
    """One sentence instead of a page of errors where the machine lacks something."""
    cc = compiler()
    if shutil.which(cc[0]) is None:
        raise SystemExit(
            f"workbench: expected a C compiler, got no {cc[0]!r} on PATH; install one (Debian, Ubuntu: apt install gcc libc6-dev; "
            "Fedora: dnf install gcc; conda: conda install gcc_linux-64) or set CC"
        )
    header = Path(sysconfig.get_path("include"), "Python.h")
    if not header.exists():
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise SystemExit(
            f"workbench: expected Python's headers, got no {header}; install them (Debian, Ubuntu: apt install python{version}-dev; "
            "Fedora: dnf install python3-devel)"
        )
    source = "#define _GNU_SOURCE\n#include <math.h>\n#include <pthread.h>\n#include <linux/futex.h>\n"
    if subprocess.run([*cc, "-fsyntax-only", "-x", "c", "-"], input=source, capture_output=True, text=True).returncode:
        raise SystemExit(
            "workbench: expected the C library's and Linux's headers (math.h, linux/futex.h), got none; install them (Debian, Ubuntu: "
            "apt install libc6-dev; Fedora: dnf install glibc-devel)"
        )
    for level, (flags, _) in levels().items():
        tried = subprocess.run([*cc, *flags, "-fsyntax-only", "-x", "c", "/dev/null"], capture_output=True, text=True)
        if tried.returncode:
            raise SystemExit(
                f"workbench: expected a compiler that accepts {' '.join(flags)} (level {level}), got {' '.join(cc)}; "
                f"install gcc >= 11 or clang >= 12 or set CC\n{tried.stderr.strip()}"
            )


@cache
def contents(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def is_fresh(target: Path, key: str) -> bool:
    """Whether an object was compiled with the same flags from the same contents of everything that its dependency file names."""
    stamp = Path(f"{target}.stamp")
    return target.exists() and stamp.exists() and stamp.read_text() == fingerprint(target, key)


def fingerprint(target: Path, key: str) -> str:
    """Contents, not time stamps: a checkout that touches files, a clone and a copied build folder compile nothing again."""
    depfile = Path(f"{target}.d")
    files = shlex.split(depfile.read_text().replace("\\\n", " ").split(":", 1)[1]) if depfile.exists() else []
    found = [contents(name) if Path(name).exists() else "missing" for name in files]
    return hashlib.sha256(repr((key, found)).encode()).hexdigest()


class Build(build_ext):
    """build_ext that compiles in parallel, kernels once per level, and only what changed."""

    def finalize_options(self) -> None:
        super().finalize_options()
        # pip gives an editable build a fresh temporary folder each time and would compile everything again
        self.build_temp = f"build/objects-{sys.implementation.cache_tag}{FLAVOUR}"

    def build_extensions(self) -> None:
        jobs = int(os.environ.get("WORKBENCH_JOBS") or self.parallel or len(os.sched_getaffinity(0)))
        self.compiled, self.said = 0, set()
        # staleness is ours to judge (distutils does not see headers); relinking always, or a sanitized library would stay
        self.force = self.compiler.force = True
        self.compiler.compile = self.compile_all
        with ThreadPoolExecutor(jobs) as self.pool:
            super().build_extensions()
        print(f"workbench: {self.compiled} objects compiled for {', '.join(levels())}")

    def compile_one(self, target: str, source: str, options: list[str]) -> bool:
        """Compile unless the object is fresh; whether it worked. What the compiler says is shown once, not once per level."""
        here = f"{Path.cwd()}{os.sep}"  # paths within the checkout are relative, so that it can be moved
        command = [*self.compiler.compiler_so, *(option.replace(here, "") for option in options)]
        key = repr((command, platform.python_version()))
        if is_fresh(Path(target), key):
            return True
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([*command, "-c", source, "-o", target, "-MMD", "-MF", f"{target}.d"], capture_output=True, text=True)
        if done.stderr and source not in self.said:
            self.said.add(source)
            print(done.stderr, file=sys.stderr)
        if done.returncode:
            Path(target).unlink(missing_ok=True)
            return False
        Path(f"{target}.stamp").write_text(fingerprint(Path(target), key))
        self.compiled += 1
        return True

    def compile_all(self, sources, output_dir=None, macros=None, include_dirs=None, extra_postargs=None, depends=None, **_):
        """What replaces the compiler's `compile`: the sources of the module, the slow Cython one first, and every kernel at every level."""
        macros, objects, post, preprocessor, todo = self.compiler._setup_compile(
            output_dir, macros, include_dirs, sources, depends, extra_postargs
        )
        jobs = [(target, todo[target][0], [*preprocessor, *post], True) for target in objects if target in todo]
        includes = [option for option in preprocessor if option.startswith("-I")]
        for source in kernel_files():
            for level, (flags, width) in levels().items():
                target = str(Path(self.build_temp, "levels", level, f"{source.stem}.o"))
                jobs.append((target, str(source), [*includes, *KERNEL_FLAGS, *flags, f"-DSUF={level}", f"-DVB={width}"], not KEEP_GOING))
        worked = list(self.pool.map(lambda job: self.compile_one(*job[:3]), jobs))
        failed = sorted({source for ok, (_, source, _, _) in zip(worked, jobs) if not ok})
        if any(needed and not ok for ok, (*_, needed) in zip(worked, jobs)):
            raise SystemExit(f"workbench: {', '.join(failed)} did not compile; what the compiler said is above")
        if failed:
            print(f"workbench: left out, because they did not compile: {', '.join(failed)}", file=sys.stderr)
        return [target for ok, (target, source, *_) in zip(worked, jobs) if ok and source not in failed]


class Editable(editable_wheel):
    """pip install -e: a plain .pth to build/ns, which every tool understands, instead of an import hook."""

    def run(self) -> None:
        self.distribution.package_dir = self.package_dir = {"": str(NAMESPACE)}
        # without it setuptools does not see that one .pth entry is enough
        self.distribution.packages = ["workbench", *self.distribution.packages]
        super().run()


def extensions() -> list[Extension]:
    probe()  # first: what a machine lacks is said whatever else is missing

    import numpy
    from Cython.Build import cythonize
    from Cython.Compiler.Errors import CompileError

    write_if_changed(GENERATED / "families.h", families())
    core = Extension(
        MODULE,
        [str(CORE / "_core.pyx"), *sorted(str(p) for p in CORE.glob("*.c"))],
        include_dirs=["ext", str(CORE), str(GENERATED), numpy.get_include()],
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_23_API_VERSION")],
        libraries=["dl", "pthread", "m"],
        extra_compile_args=CORE_FLAGS,
        extra_link_args=LINK_FLAGS,
        depends=sorted(str(p) for p in CORE.glob("*.px[di]")),
    )
    try:
        return cythonize([core], include_path=[str(NAMESPACE)], build_dir=f"build/cython{FLAVOUR}", compiler_directives=DIRECTIVES)
    except CompileError:
        raise SystemExit(f"workbench: {CORE / '_core.pyx'} did not compile; what Cython said is above") from None


namespace()
packages = [f"workbench.{name}" for folder in FOLDERS for name in (folder, *(f"{folder}.{p}" for p in find_packages(folder)))]
needs_native = not {"sdist", "egg_info", "dist_info", "clean", "--version", "--name"} & set(sys.argv)
setup(
    packages=packages,
    package_dir={f"workbench.{folder}": folder for folder in FOLDERS},
    package_data={
        "workbench.conf": ["**/*.yaml"],
        "workbench.dashboard": ["static/**/*"],
        "workbench.ext.core": ["*.pyi"],
        "workbench.experiments.bench": ["*.c"],
        **{f"workbench.{folder}": ["py.typed"] for folder in ("engine", "experiments", "recipes")},
    },
    include_package_data=False,
    ext_modules=extensions() if needs_native else [Extension(MODULE, [])],
    cmdclass={"build_ext": Build, "editable_wheel": Editable},
)
