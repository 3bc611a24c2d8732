"""The curve of hist(…, curve=True) against SciPy, by the words that the picture carries."""
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("AWML_KERNEL", str(ROOT / "build/kernel/awml-c"))

# x = numpy.array([1, 2, 2, 3, 5, 8, 13.]); t = numpy.linspace(1, 13, 200)
# f = scipy.stats.gaussian_kde(x)(t); f[0], f[-1], f.max(), t[f.argmax()]
SCIPY = (0.08063298068810715, 0.02458989694450456, 0.09210273369721918, 2.748743718592965)


def test_curve_is_that_of_scipy(tmp_path):
    (tmp_path / "p.awml").write_text(
        'save(hist([1, 2, 2, 3, 5, 8, 13], curve=True), "p.svg")\n')
    subprocess.run([PROGRAM, "run", "p.awml"], cwd=tmp_path, check=True)
    first, last, highest, place = (f"{x:.6g}" for x in SCIPY)
    words = f"The curve begins at {first} and ends at {last}; highest {highest} at {place}."
    assert words in (tmp_path / "p.svg").read_text()
