/* Bars whose work nobody tells of any more. While a training runs its output may be a widget, which
 * lives in the kernel; the words beside it are kept in the notebook. They take its place when the
 * kernel goes, and when a notebook is opened that was saved meanwhile: a page that connects to a
 * kernel at work hears nothing of its widgets before the cell has ended. */

var WIDGET_VIEW = "application/vnd.jupyter.widget-view+json";
var GONE = ["restarting", "autorestarting", "terminating", "dead"];

function liveOutputs(panel) {
  var found = [];
  panel.content.widgets.forEach(function (cell) {
    var outputs = cell.model.type === "code" ? cell.model.outputs : null;
    for (var i = 0; outputs && i < outputs.length; i++) {
      var output = outputs.get(i);
      if (output.metadata.awml_live && output.data[WIDGET_VIEW]) found.push(output);
    }
  });
  return found;
}

function showWords(output) {
  var data = Object.assign({}, output.data), metadata = Object.assign({}, output.metadata);
  delete data[WIDGET_VIEW];
  delete metadata.awml_live;
  output.setData({ data: data, metadata: metadata });
}

function awmlBars(tracker) {
  function watch(panel) {
    var words = function () { liveOutputs(panel).forEach(showWords); };
    panel.sessionContext.statusChanged.connect(function (_, status) {
      if (GONE.indexOf(status) >= 0) words();
    });
    Promise.all([panel.context.ready, panel.revealed]).then(words);
  }

  tracker.forEach(watch);
  tracker.widgetAdded.connect(function (_, panel) { watch(panel); });
}
