"""Writes cells/fstrings.cell: format codes with what Python's f-strings give."""
import pathlib

NUMBERS = ["3.14159265", "-2.5", "0.0", "1234567.891", "1e-10", "1e22", "0.5", "100.0", "2.675", "-0.001"]
WHOLE = ["0", "7", "-42", "1234567", "255"]
TEXTS = ['"ab"', '"naïve"', '""']
FLOAT_CODES = [".2f", ".0f", "8.3f", "<10.2f|", ">10.2f", "^12.1f|", "+.1f", " .2f", "010.2f", ".3e", ".2E", ".3g", "g", "e",
               "f", ".1%", ".0%", "%", ",.2f", "_.1f", "*>12.2f", "x^11.1f", "=+10.1f", "#.3g", ".10g", ".4", ".3", ".1", "G", "#.0f"]
INT_CODES = ["d", "5d", "05d", "<6d|", "^7d|", ">6", "+d", " d", ",", ",d", "_d", "x", "X", "#x", "b", "#b", "o", "08b", ".2f", "e", ".1%",
             "g", "*^9d", "=+8d", "-d"]
TEXT_CODES = ["", "5", "<6", ">6", "^7", "*^8", ".1", "6.2", "s", ">5s"]


def cases():
    for code in FLOAT_CODES:
        for x in NUMBERS:
            yield x, code
    for code in dict.fromkeys(INT_CODES):
        for x in WHOLE:
            yield x, code
    for code in TEXT_CODES:
        for x in TEXTS:
            yield x, code


def main():
    out = "# Format codes of f-strings, with what Python gives; made by make_format_cells.py.\n\n"
    out += "=== format codes\n"
    shown = []
    for x, code in cases():
        body = code.rstrip("|")
        out += f"print(f'|{{{x}:{body}}}|')\n"
        shown.append(eval(f"f'|{{x:{body}}}|'", {"x": eval(x)}))
    out += "--- shows\n" + "\n".join(shown) + "\n\n"
    out += OTHER
    (pathlib.Path(__file__).parent / "cells" / "fstrings.cell").write_text(out)


OTHER = r'''=== expressions inside
x, name = 2.0, "ae"
r = {a: 1, b: "q"}
print(f"{x * 2 + 1} {name.upper()} {r.a} {r['b']} {[1, 2][0]} {max([1, 5])}")
print(f"{{literal}} {x:.2f} {x:>6} {3.0:^7}| {'in' + 'side'}")
print(f"{x!r} {name!r} {name!s}|{x = }|{x + 1 = :.2f}")
print(f"{True} {None} {[1.5, 2]} {10:d} {3 if x > 1 else 4}", f'{"nested"}')
print(f"a" f"{x}" "b")
--- shows
5.0 AE 1 q 1 5
{literal} 2.00    2.0   3.0  | inside
2.0 "ae" ae|x = 2.0|x + 1 = 3.00
True None [1.5, 2] 10 3 nested
a2.0b

=== several lines
n = 3
print(f"""{n} epochs
{n + 1} layers""")
--- shows
3 epochs
4 layers

=== a code that does not fit a text
f"{'a':.2f}"
--- fails
text

=== a code that does not exist
f"{1.5:q}"
--- fails
q

=== a whole number's code for a number with a point
f"{1.5:d}"
--- fails
whole numbers
'''

if __name__ == "__main__":
    main()
