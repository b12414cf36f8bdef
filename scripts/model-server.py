# SPDX-License-Identifier: Apache-2.0
"""llama.cpp's server out of the Python package xllamacpp, called like llama-server.

    confab-model-server -m FILE [--host H] [--port N] [--api-key-file F] [-np SLOTS] [-c CTX] …

The options are those of llama-server that confab uses, with llama-server's meaning; like there, LLAMA_API_KEY in
the environment is a key too. GET /health answers 503 while the model loads and 200 when it serves; everything else
answers 401 to whoever lacks the key.

The server belongs to the process that started it: it ends when that process ends, however that happens, and leaves
Ctrl-C on the shared terminal to it. CONFAB_PARENT_PID may name that process; without it, whoever is the parent at
start-up is it, which is too late when the starter was killed within the first milliseconds.
"""

import argparse
import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
PARENT_CHECK_SECONDS = 0.5


def main():
    die_with(int(os.environ.get("CONFAB_PARENT_PID") or os.getppid()))
    options = read_options()
    # Threads that spin while they wait bring each other to a standstill where other programs want the cores too (2
    # tokens a second instead of 11 on two cores with a load of 13).
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import xllamacpp
    except ImportError as problem:
        sys.exit(f"confab-model-server: {problem} (libgomp.so.1 is in the package libgomp1)")
    if options.check:
        return
    try:
        server = xllamacpp.Server(parameters(xllamacpp, options))
    except Exception as problem:
        sys.exit(f"confab-model-server: the server does not start with {options.model}: {problem}")
    # The library's own handlers stop its loop but not this process.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print(f"serving {options.model} at {server.listening_address}", file=sys.stderr, flush=True)
    while True:
        signal.pause()


def die_with(parent):
    """Asks the kernel for SIGKILL at the parent's death, and watches as well.

    The kernel's signal is lost when the parent died before the call, and it comes from the parent's thread, not the
    process; the watch covers what is left, also where there is no prctl.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except (OSError, AttributeError):
        pass

    def watch():
        while os.getppid() == parent:
            time.sleep(PARENT_CHECK_SECONDS)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def read_options():
    parser = argparse.ArgumentParser(prog="confab-model-server", allow_abbrev=False)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("-m", "--model", metavar="FILE", help="the model, a GGUF file")
    what.add_argument("--check", action="store_true", help="load the library and end")
    parser.add_argument("-a", "--alias", help="the model's name in answers and in /v1/models")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--api-key-file", metavar="FILE", help="keys, one a line")
    parser.add_argument("-np", "--parallel", type=int, default=1, metavar="SLOTS")
    parser.add_argument("-c", "--ctx-size", type=int, default=0, metavar="TOKENS", help="of all slots together")
    parser.add_argument("-t", "--threads", type=int, default=-1)
    parser.add_argument("-b", "--batch-size", type=int, default=2048)
    parser.add_argument("-ub", "--ubatch-size", type=int, default=512)
    parser.add_argument("--embeddings", action="store_true", help="give embeddings only")
    parser.add_argument("--pooling", choices=["mean", "cls", "last"], help="of a text's tokens; the model's own when not given")
    parser.add_argument("--log-verbosity", "-lv", type=int, default=1)
    return parser.parse_args()


def parameters(xllamacpp, options):
    p = xllamacpp.CommonParams()
    p.model.path = options.model
    p.model_alias = {options.alias or os.path.basename(options.model).removesuffix(".gguf")}
    p.hostnames = [options.host]
    p.port = options.port
    p.api_keys = read_keys(options.api_key_file)
    p.n_parallel = options.parallel
    p.n_ctx = options.ctx_size
    p.n_batch = options.batch_size
    p.n_ubatch = options.ubatch_size
    p.cpuparams.n_threads = options.threads
    p.cpuparams_batch.n_threads = options.threads
    p.verbosity = options.log_verbosity
    p.embedding = options.embeddings
    if options.pooling:
        p.pooling_type = getattr(xllamacpp.llama_pooling_type, f"LLAMA_POOLING_TYPE_{options.pooling.upper()}")
    p.ui = False
    # Prompts of past conversations are not kept beside the slots: a long run would fill memory with them.
    p.cache_ram_mib = 0
    return p


def read_keys(path):
    keys = [os.environ["LLAMA_API_KEY"]] if os.environ.get("LLAMA_API_KEY") else []
    if path:
        with open(path, encoding="utf-8") as file:
            keys += [line.strip() for line in file if line.strip()]
    return keys


main()
