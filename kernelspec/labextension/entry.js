/* The extension as JupyterLab 4 and Notebook 7 load it: what a bundler would make, written by hand.
 * The page calls init with the modules that it shares, then get; CodeMirror must be the page's own
 * copy. The findings need notebooks; without them, the language is still there. */

var TARGET = "awml.check", ANSWER_MS = 3000;
var shared = null;

/* A module of the page: the version that is loaded already, else the newest. */
function pick(name) {
  var versions = (shared && shared[name]) || {};
  var order = function (a, b) { return a.localeCompare(b, undefined, { numeric: true }); };
  var keys = Object.keys(versions).sort(order);
  var loaded = keys.filter(function (k) { return versions[k].loaded; });
  var key = (loaded.length ? loaded : keys).pop();
  if (!key) return Promise.reject(new Error("JupyterLab does not share " + name));
  return Promise.resolve(versions[key].get()).then(function (factory) { return factory(); });
}

/* One comm for each kernel: ask(data) is a promise of the findings, or of undefined when there is no
 * answer (the kernel is busy or does not know this). */
function Checker(kernel) {
  this.kernel = kernel;
  this.comm = null;
  this.last = 0;
  this.waiting = new Map();
}

Checker.prototype.open = function () {
  var self = this;
  if (this.comm && !this.comm.isDisposed) return;
  this.comm = this.kernel.createComm(TARGET);
  this.comm.onMsg = function (message) {
    var data = message.content.data, done = self.waiting.get(data.id);
    self.waiting.delete(data.id);
    if (done) done(data.findings);
  };
  this.comm.onClose = function () { self.comm = null; };
  this.comm.open();
};

Checker.prototype.ask = function (data) {
  var self = this, id = ++this.last;
  return new Promise(function (resolve) {
    self.waiting.set(id, resolve);
    setTimeout(function () {
      self.waiting.delete(id);
      resolve(undefined);
    }, ANSWER_MS);
    self.open();
    self.comm.send(Object.assign({ id: id }, data));
  });
};

/* The notebooks' side of the findings: where an editor stands, and when to ask again. */
function notebookSide(tracker) {
  var checkers = new WeakMap(), editors = new Map(), heard = new WeakSet();

  function placeOf(view) {
    var found = null;
    tracker.forEach(function (panel) {
      panel.content.widgets.forEach(function (cell, index) {
        if (cell.editor && cell.editor.editor === view && cell.model.type === "code")
          found = { panel: panel, index: index };
      });
    });
    return found;
  }

  function listen(context) {
    if (heard.has(context)) return;
    heard.add(context);
    var ran = false; // a check makes the kernel busy for a moment too: that is no reason to ask
    context.iopubMessage.connect(function (_, message) {
      ran = ran || message.header.msg_type === "execute_input";
    });
    context.statusChanged.connect(function (_, status) {
      ran = ran || status === "restarting";
      if (status !== "idle" || !ran) return;
      ran = false;
      editors.forEach(function (again, view) { if (view.hasFocus) again(); });
    });
  }

  function kernelOf(panel) {
    var session = panel.sessionContext.session;
    listen(panel.sessionContext);
    return session && session.kernel;
  }

  function question(place) {
    var cells = place.panel.content.widgets.map(function (cell) { return cell.model; });
    var text = function (cell) { return { cell: cell.id, code: cell.sharedModel.getSource() }; };
    var above = cells.slice(0, place.index).filter(function (c) { return c.type === "code"; });
    return Object.assign(text(cells[place.index]), { above: above.map(text) });
  }

  return {
    ask: function (view) {
      var place = placeOf(view), kernel = place && kernelOf(place.panel);
      if (!kernel || kernel.status !== "idle") return Promise.resolve(undefined);
      if (!checkers.has(kernel)) checkers.set(kernel, new Checker(kernel));
      return checkers.get(kernel).ask(question(place));
    },
    watch: function (view, again) {
      editors.set(view, again);
      return function () { editors.delete(view); };
    },
  };
}

function plugin(modules) {
  var jupyter = modules.jupyter, notebook = modules.notebook, rendering = modules.rendering;
  return {
    id: "awml:language",
    autoStart: true,
    requires: [jupyter.IEditorLanguageRegistry],
    optional: (notebook ? [notebook.INotebookTracker] : [])
      .concat(rendering ? [rendering.IRenderMimeRegistry] : []),
    activate: function (app, languages) {
      var given = Array.prototype.slice.call(arguments, 2);
      var tracker = notebook && given.shift(), registry = rendering && given.shift();
      var awml = awmlLanguage(modules.language, WORDS), support = [awml.folding];
      if (tracker) {
        var side = notebookSide(tracker);
        support.push(awmlFindings(modules, side.ask, side.watch));
        awmlBars(tracker);
      }
      if (registry) awmlPictures(registry);
      languages.addLanguage({
        name: "awml", displayName: "awml", mime: "text/x-awml", extensions: ["awml"],
        support: new modules.language.LanguageSupport(awml.language, support),
      });
      app.docRegistry.addFileType({
        name: "awml", displayName: "awml program", extensions: [".awml"],
        mimeTypes: ["text/x-awml"], fileFormat: "text", contentType: "file",
      });
    },
  };
}

function load() {
  var names = ["@codemirror/language", "@codemirror/state", "@codemirror/view",
               "@jupyterlab/codemirror"];
  var optional = ["@jupyterlab/notebook", "@jupyterlab/rendermime"].map(function (name) {
    return pick(name).catch(function () { return null; });
  });
  return Promise.all(names.map(pick).concat(optional)).then(function (m) {
    var made = plugin({ language: m[0], state: m[1], view: m[2], jupyter: m[3], notebook: m[4],
                        rendering: m[5] });
    return function () { return { __esModule: true, default: made }; };
  });
}

window._JUPYTERLAB = window._JUPYTERLAB || {};
window._JUPYTERLAB.awml = {
  init: function (scope) { shared = scope; },
  get: function (name) {
    return name === "./extension" ? load() : Promise.reject(new Error("there is no " + name));
  },
};
