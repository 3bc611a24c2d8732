"""The Pygments lexer: nbconvert colours awml cells by it, and jupyter console what is typed.

The words are those of the kernel's own tables, from the file that `awml-c install` puts beside
kernel.json. Where no kernel is installed, Python's lexer has to do.
"""
import json
from pathlib import Path

from jupyter_core.paths import jupyter_path
from pygments.lexer import RegexLexer, bygroups, default, include, words
from pygments.lexers.python import PythonLexer
from pygments.token import (Comment, Keyword, Name, Number, Operator, Punctuation, String, Text,
                            Whitespace)

NAME = r"[^\W\d]\w*"
LINE_END = r"(?=[ \t]*(?:#.*)?$)"


def find_words():
    for folder in jupyter_path("kernels"):
        for file in sorted(Path(folder).glob("*/words.json")):
            try:
                return json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
    return None


def one_of(names, before=r"\b", after=r"\b"):
    return words(sorted(names), prefix=before, suffix=after)


def statements(w):
    """Lines that begin with a word of their own, which elsewhere is a name like any other. Inside
    blocks, and so indented, are the words of blocks and the settings."""
    place, inner = w["statements"], r"^([ \t]+)"
    behind = r"(^[ \t]*|=[ \t]*)"
    settings = {name for table in w["settings"].values() for name in table}
    spaced = (Whitespace, Keyword, Whitespace)
    return [
        (rf"^([ \t]*)(model)([ \t]+)({NAME})", bygroups(*spaced, Name.Class)),
        (rf"^([ \t]*)(def)([ \t]+)({NAME})", bygroups(*spaced, Name.Function)),
        (rf"{behind}(train)(?=[ \t]+{NAME})", bygroups(Operator, Keyword), "train"),
        (rf"{behind}({'|'.join(place['cell'])})([ \t]*)(:){LINE_END}",
         bygroups(Operator, Keyword, Whitespace, Punctuation)),
        (rf"{inner}(output)(?=[ \t]+[^\s=.,:+*/<>!%&|@)])", bygroups(Whitespace, Keyword)),
        (rf"{inner}(each)([ \t]+)(epoch|batch)\b", bygroups(*spaced, Keyword)),
        (rf"{inner}({'|'.join(place['model'] + place['train'] + ['over'])})([ \t]+)({NAME})",
         bygroups(*spaced, Name)),
        (rf"{inner}(trial)(?=[ \t]*:)", bygroups(Whitespace, Keyword)),
        (rf"{inner}({'|'.join(place['step'])})(?=[ \t]+[^\s=.,])", bygroups(Whitespace, Keyword),
         "update"),
        (rf"{inner}({'|'.join(settings)})(?=[ \t]*:)", bygroups(Whitespace, Keyword.Pseudo)),
        (r"^[ \t]*(?:%%?\w+|[!?].*)", Comment.Preproc),
    ]


def make_tokens(w):
    calls = w["functions"] + w["constants"]
    return {
        "root": [
            *statements(w),
            include("expression"),
        ],
        # the rest of a header or an update, in which another word counts
        "train": [(r"\n", Whitespace, "#pop"), (r"\bon\b", Keyword), include("expression")],
        "update": [(r"\n", Whitespace, "#pop"), (r"\bover\b", Keyword), include("expression")],
        "expression": [
            (r"\n|[^\S\n]+", Whitespace),
            (r"#.*", Comment.Single),
            (r"[fF](\"\"\"|''')", String.Double, "field text 3"),
            (r"[fF]\"", String.Double, "field text"),
            (r"[fF]'", String.Single, "field text 1"),
            (r'"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'', String.Doc),
            (r'"(?:\\.|[^"\\\n])*"?', String.Double),
            (r"'(?:\\.|[^'\\\n])*'?", String.Single),
            (r"\d+(?:x\d+)+\b", Number.Integer),
            (rf"(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?(?:%(?!\s*[\w(\[]))?", Number,
             "unit"),
            (one_of(w["values"]), Keyword.Constant),
            (one_of([x for x in w["reserved"] if x in ("and", "or", "not", "in")]), Operator.Word),
            (one_of(w["reserved"] + w["refused"]), Keyword),
            (one_of(w["layers"], after=r"\b(?!\s*=[^=])"), Name.Class),
            (one_of(calls, after=r"\b(?!\s*=[^=]|\.|\[)"), Name.Builtin),
            (NAME, Name),
            (r"->|[-+*/%@<>=!&|~?]+", Operator),
            (r"[][(){}.,:;]", Punctuation),
            (r".", Text),
        ],
        "unit": [
            (rf"([ \t]+)({'|'.join(w['units'])})\b", bygroups(Whitespace, Number), "#pop"),
            default("#pop"),
        ],
        "field text": [(r'"|\n', String.Double, "#pop"), include("fields")],
        "field text 1": [(r"'|\n", String.Single, "#pop"), include("fields")],
        "field text 3": [(r"\"\"\"|'''", String.Double, "#pop"), include("fields"),
                         (r"\n", String.Double)],
        "fields": [
            (r"\{\{|\}\}|\\.", String.Escape),
            (r"\{[^}\n]*\}?", String.Interpol),
            (r"[^{}\\\"'\n]+|.", String.Double),
        ],
    }


WORDS = find_words()


class AwmlLexer(RegexLexer if WORDS else PythonLexer):
    """awml, a small language for machine learning."""
    name = "awml"
    aliases = ["awml"]
    filenames = ["*.awml"]
    mimetypes = ["text/x-awml"]
    url = None
    if WORDS:
        tokens = make_tokens(WORDS)
