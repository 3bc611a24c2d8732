"""What bench_conv.py and bench_sequence.py share: the runtime's program, the turns of its steps and
PyTorch's, and the line for each network."""
import argparse
import subprocess
import time
from pathlib import Path

from bench_train import choose_python

BUILD = Path(__file__).resolve().parent.parent.parent / "build"


class Ours:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.isa, self.threads = self.process.stdout.readline().split()

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().split()


class Rival:
    """One way to run a network in PyTorch. What inherits from it sets net, x, y, loss and adam."""
    def __init__(self, torch, threads):
        self.torch, self.threads = torch, threads
        torch.set_num_threads(threads)

    def compile(self):
        self.run = self.torch.compile(self.net)
        return self

    def step(self):
        self.adam.zero_grad()
        loss = self.loss(self.run(self.x), self.y)
        loss.backward()
        self.adam.step()

    def predict(self):
        with self.torch.no_grad():
            self.net(self.x)

    def time(self, n, clock, what):
        self.torch.set_num_threads(self.threads)
        best = 1e9
        for _ in range(n):
            start = clock()
            what()
            best = min(best, clock() - start)
        return best * 1e6

    def steps(self, n, clock):
        self.net.train()
        return self.time(n, clock, self.step)

    def infer(self, n, clock):
        self.net.eval()
        return self.time(n, clock, self.predict)


def race(ours, name, batch, make, args):
    """Shortest times in microseconds, of steps and of predictions, {way: time}; and the arena's
    megabytes. make(threads) gives a Rival, or one that cannot be compiled if it has no `run`."""
    arena = ours.ask(f"open {name} {batch}")[0]
    clock = time.process_time if args.cpu else time.perf_counter
    rivals = {t: make(t) for t in ((1,) if args.cpu else (1, 2))}
    eager = dict(rivals)
    if args.compile and hasattr(rivals[1], "run"):
        rivals["compiled"] = make(max(eager)).compile()
    first = min(r.steps(2, clock) for r in rivals.values())
    burst, end = max(2, int(2e5 / first)), time.time() + args.seconds
    steps, infer = {}, {}

    def note(times, way, t):
        times[way] = min(times.get(way, 1e9), t)

    while time.time() < end:
        note(steps, "ours", float(ours.ask(f"steps {3 * burst}")[0]))
        for t, rival in rivals.items():
            note(steps, t, rival.steps(burst, clock))
        if not hasattr(rivals[1], "run"):
            continue
        note(infer, "ours", float(ours.ask(f"infer {3 * burst}")[0]))
        for t, rival in eager.items():
            note(infer, t, rival.infer(burst, clock))
    return steps, infer, arena


def best_eager(times):
    return min(t for way, t in times.items() if isinstance(way, int))


def show(ours, job, work, steps, infer, arena):
    name, batch, goal = job
    peak, triad = (float(x) for x in ours.ask("peak"))
    mine = steps["ours"]
    others = "  ".join(f"torch, {t} thread{'s' * (t > 1)}: {steps[t] / 1e3:.2f}" for t in steps if isinstance(t, int))
    ratios = f"ratio to eager {best_eager(steps) / mine:.2f} (goal {goal})"
    if "compiled" in steps:
        others += f"  compiled: {steps['compiled'] / 1e3:.2f}"
        ratios += f", to compiled {steps['compiled'] / mine:.2f}"
    speed = work / mine * 1e-3
    line = (f"{name:11} {batch:4}  ours: {mine / 1e3:.3f}  {others}  {ratios}  {speed:.0f} GF/s, "
            f"{100 * speed / peak:.0f} % of the peak of {peak:.0f} (triad {triad:.0f} GB/s)  {arena} MB")
    if infer:
        line += (f"; predicting ours: {infer['ours'] / 1e3:.3f}  torch: {best_eager(infer) / 1e3:.2f}  ratio "
                 f"{best_eager(infer) / infer['ours']:.2f}")
    print(line, flush=True)


def main(text, program, jobs, make, operations):
    """jobs: (name, batch, goal). make(torch, name, batch, threads); operations(torch, name, rival):
    of the products of one step."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default=BUILD, type=Path)
    parser.add_argument("--python", help="a Python with torch")
    parser.add_argument("--seconds", default=10, type=float, help="for each network")
    parser.add_argument("--only", default="", help="one network: " + ", ".join(j[0] for j in jobs))
    parser.add_argument("--cpu", action="store_true", help="one thread each, processor time")
    parser.add_argument("--compile", action="store_true", help="torch.compile, too")
    args = parser.parse_args()
    choose_python(args)
    subprocess.run(["ninja", "-C", args.build, f"tests/bench/{program}"], check=True,
                   stdout=subprocess.DEVNULL)
    import torch
    ours = Ours(args.build / "tests/bench" / program)
    print(f"ours: {ours.isa}, {ours.threads} threads; torch {torch.__version__}; one step in ms, the "
          "shortest of many" + (", one thread's processor time" if args.cpu else ""), flush=True)
    if args.cpu:
        ours.ask("cpu")
    for job in jobs:
        name, batch, _ = job
        if args.only and args.only != name:
            continue
        work = operations(torch, name, make(torch, name, batch, 1))
        show(ours, job, work, *race(ours, name, batch, lambda t: make(torch, name, batch, t), args))
