"""Parameters for awml notebooks: papermill in.ipynb out.ipynb -p epochs 3

papermill looks translators up by kernel name and then by language, but has no entry point for
them. It does load every entry point of the group papermill.engine, so importing this engine (which
is the usual one) registers the translator on the way.
"""
import math
import re

from papermill.engines import NBClientEngine
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators


class AwmlTranslator(Translator):
    """Values as the language writes them."""

    @classmethod
    def translate_none(cls, val):
        return "None"

    @classmethod
    def translate_bool(cls, val):
        return "True" if val else "False"

    @classmethod
    def translate_float(cls, val):
        if math.isnan(val):
            return "nan"
        if math.isinf(val):
            return "inf" if val > 0 else "-inf"
        return repr(val)

    @classmethod
    def translate_list(cls, val):
        return "[" + ", ".join(cls.translate(item) for item in val) + "]"

    @classmethod
    def translate_dict(cls, val):
        fields = (f"{cls.translate_str(str(key))}: {cls.translate(item)}" for key, item in val.items())
        return "{" + ", ".join(fields) + "}"

    @classmethod
    def comment(cls, cmt_str):
        return f"# {cmt_str}".rstrip()

    @classmethod
    def inspect(cls, parameters_cell):
        """The lines `name = value  # help` of the tagged cell, for --help-notebook."""
        pattern = re.compile(r"^(\w+)\s*=\s*([^#\n]+?)\s*(?:#\s*(.*))?$", re.M)
        return [Parameter(name=name, inferred_type_name="None", default=value, help=text or "")
                for name, value, text in pattern.findall(parameters_cell["source"])]


class AwmlEngine(NBClientEngine):
    """papermill's own engine under another name."""


for name in ("awml-c", "awml"):
    papermill_translators.register(name, AwmlTranslator)
