/* What the checker finds, as wavy lines under the places and bubbles with the messages. The answer
 * comes from `ask(view)`, a promise of a list of {start, end, message} (code points). A question is
 * asked when nothing has been typed for a while; an answer to an older text is thrown away. */

var PAUSE_MS = 500;

/* From code points to the editor's positions. */
function positionOf(text, points) {
  var at = 0;
  for (; points > 0 && at < text.length; points--) at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return at;
}

/* At least one character of the line is marked. */
function rangeOf(doc, finding) {
  var text = doc.toString();
  var from = positionOf(text, finding.start), to = positionOf(text, finding.end);
  if (to > from) return { from: from, to: to };
  var line = doc.lineAt(from);
  from = from === line.to && from > line.from ? from - 1 : from;
  return { from: from, to: Math.min(from + 1, line.to) };
}

function bubble(message) {
  var box = document.createElement("div");
  box.className = "awml-finding-message";
  box.textContent = message;
  return box;
}

var FINDING_STYLE = {
  ".awml-finding": {
    textDecoration: "underline wavy var(--jp-error-color1, #d32f2f)",
    textDecorationSkipInk: "none",
    textUnderlineOffset: "3px",
  },
  ".awml-finding-message": {
    padding: "6px 10px", maxWidth: "95ch", maxHeight: "24em", overflow: "auto",
    whiteSpace: "pre-wrap", fontFamily: "var(--jp-code-font-family)",
    fontSize: "var(--jp-code-font-size)", lineHeight: "1.35", color: "var(--jp-ui-font-color1)",
    background: "var(--jp-layout-color1)", borderLeft: "3px solid var(--jp-error-color1)",
  },
};

/* The findings that are shown: decorations that move with the text; one goes when its place is
 * written over. */
function findingsField(state, view, change) {
  var Decoration = view.Decoration;

  function markOf(doc, finding) {
    var range = rangeOf(doc, finding);
    return range.from === range.to ? null : Decoration.mark({
      class: "awml-finding", message: finding.message,
      attributes: { "aria-description": finding.message },
    }).range(range.from, range.to);
  }

  return state.StateField.define({
    create: function () { return Decoration.none; },
    update: function (shown, transaction) {
      shown = shown.update({ filter: function (from, to) {
        return !transaction.changes.touchesRange(from, to);
      } }).map(transaction.changes);
      transaction.effects.forEach(function (effect) {
        if (!effect.is(change)) return;
        var mark = markOf.bind(null, transaction.state.doc);
        shown = Decoration.set(effect.value.map(mark).filter(Boolean), true);
      });
      return shown;
    },
    provide: function (field) { return view.EditorView.decorations.from(field); },
  });
}

/* `cm` has @codemirror/state and @codemirror/view. Returns the extension; `watch(view, again)` is
 * told of every editor, to have it asked again, and returns a function that ends this. */
function awmlFindings(cm, ask, watch) {
  var change = cm.state.StateEffect.define();
  var field = findingsField(cm.state, cm.view, change);

  function Asker(view) {
    this.view = view;
    this.timer = null;
    this.unwatch = watch(view, this.later.bind(this));
  }
  Asker.prototype.later = function () {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.ask.bind(this), PAUSE_MS);
  };
  Asker.prototype.ask = function () {
    var view = this.view, asked = view.state.doc;
    ask(view).then(function (findings) {
      if (findings === undefined || view.state.doc !== asked) return;
      view.dispatch({ effects: change.of(findings) });
    });
  };
  Asker.prototype.update = function (update) {
    if (update.docChanged) this.later();
  };
  Asker.prototype.destroy = function () {
    clearTimeout(this.timer);
    this.unwatch();
  };

  var hover = cm.view.hoverTooltip(function (view, pos) {
    var found = null;
    view.state.field(field).between(pos, pos, function (from, to, mark) {
      if (!found) found = { from: from, to: to, message: mark.spec.message };
    });
    return found && { pos: found.from, end: found.to, above: true,
                      create: function () { return { dom: bubble(found.message) }; } };
  });
  return [field, cm.view.ViewPlugin.fromClass(Asker), hover,
          cm.view.EditorView.baseTheme(FINDING_STYLE)];
}
