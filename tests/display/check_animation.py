"""An animation saved as GIF and as animated PNG holds the frames that were asked for: read back by a
parser of our own here, chunk by chunk and block by block."""
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

PROGRAM = """def frame(i):
    return line(range(5), i * range(5), title=f"step {i}")

a = animate(frame, n=4, seconds=0.2)
save(a, "a.png", dpi=50)
save(a, "a.gif", dpi=50)
save(animate(rand(3, 8, 8)), "b.png")
save(animate(rand(3, 8, 8)), "b.gif")
save(animate(rand(2, 24, 24, 3)), "c.png")
"""


def png_chunks(data):
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at = 8
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        crc, = struct.unpack(">I", data[at + 8 + size:at + 12 + size])
        assert crc == zlib.crc32(name + body), name
        yield name.decode(), body
        at += size + 12


def check_apng(path, size, n, ms):
    chunks = list(png_chunks(path.read_bytes()))
    assert chunks[0][0] == "IHDR" and chunks[-1][0] == "IEND"
    assert struct.unpack(">II", chunks[0][1][:8]) == size
    assert struct.unpack(">II", next(b for c, b in chunks if c == "acTL")) == (n, 0)
    expected, frames, pixels = 0, [], b""
    for name, body in chunks:
        if name in ("fcTL", "fdAT"):
            assert struct.unpack(">I", body[:4])[0] == expected, "sequence"
            expected += 1
        if name == "fcTL":
            frames.append((struct.unpack(">IIIIHH", body[4:24]), []))
        if name in ("IDAT", "fdAT"):
            frames[-1][1].append(body[4:] if name == "fdAT" else body)
    assert len(frames) == n and frames[0][0][:4] == (*size, 0, 0)
    bits, kind = chunks[0][1][8:10]
    assert bits == 8 and kind in (2, 3)
    colors = [body for name, body in chunks if name == "PLTE"]
    assert len(colors) == (kind == 3) and all(len(c) == 768 for c in colors)
    for (w, h, x, y, num, den), parts in frames:
        assert x + w <= size[0] and y + h <= size[1] and 1000 * num == ms * den
        pixels = zlib.decompress(b"".join(parts))
        each = 3 if kind == 2 else 1
        assert len(pixels) == h * (each * w + 1), "bytes of a pixel and a filter a row"
    return kind


def blocks(data, at):
    while data[at]:
        at += data[at] + 1
    return at + 1


def check_gif(path, size, n, ms):
    data = path.read_bytes()
    assert data[:6] == b"GIF89a" and struct.unpack("<HH", data[6:10]) == size
    at, frames, delays = 13, 0, []
    assert not data[10] & 0x80, "no colours for all frames"
    while data[at] != 0x3b:
        if data[at] == 0x21:
            if data[at + 1] == 0xf9:
                delays.append(struct.unpack("<H", data[at + 4:at + 6])[0] * 10)
            at = blocks(data, at + 2)
            continue
        assert data[at] == 0x2c
        x, y, w, h, flags = struct.unpack("<HHHHB", data[at + 1:at + 10])
        assert x + w <= size[0] and y + h <= size[1] and flags & 0x80
        at = blocks(data, at + 10 + 3 * 2 ** ((flags & 7) + 1) + 1)
        frames += 1
    assert frames == n and delays == [ms] * n, (frames, delays)


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "a.awml").write_text(PROGRAM)
        subprocess.run([Path(sys.argv[1]).resolve(), "run", "a.awml"], cwd=folder, check=True)
        assert check_apng(folder / "a.png", (320, 200), 4, 200) == 3
        check_gif(folder / "a.gif", (320, 200), 4, 200)
        assert check_apng(folder / "b.png", (360, 360), 3, 100) == 3
        assert check_apng(folder / "c.png", (360, 360), 2, 100) == 2, "more than 256 colours"
        check_gif(folder / "b.gif", (360, 360), 3, 100)
    print("4 passed, 0 failed")


if __name__ == "__main__":
    main()
