/* Plots fit the page's theme. The kernel draws them on white, as files keep them; where the theme is
 * dark, the same drawing is shown without its ground and with light words, frames and grids. Colours
 * of data stay what they are, but where one of a plot would be lost on a dark ground, all of them and
 * the bar that explains them are mixed with white: their order stays. Frames of animations are
 * pixels: drawings are inverted, hues kept; photos stay. Each picture is at most as wide as its cell, and its words are the text alternative of the page. */

var DARK_GROUND = "#111111", LEAST_CONTRAST = 2.5, LIGHTER = 0.45;
/* Ink, frames and grid of display/svg.h; a ground of words is a rectangle with round corners. */
var DARK_RULES = {
  ":root": "fill:#e0e0e0",
  ":root>rect:first-of-type": "fill:none",
  '[stroke="#262626"]': "stroke:#e0e0e0",
  '[fill="#555"]': "fill:#b0b0b0",
  '[stroke="#555"]': "stroke:#949494",
  '[stroke="#dfdfdf"]': "stroke:#333",
  '[stroke="#ccc"]': "stroke:#5a5a5a",
  'rect[rx][fill="#fff"]': "fill:GROUND",
  'path[stroke="#fff"]': "stroke:GROUND",
};

/* Relative luminance of #rgb or #rrggbb (WCAG 2.1). */
function luminance(hex) {
  if (hex.length === 4) hex = hex.replace(/[^#]/g, "$&$&");
  var parts = [1, 3, 5].map(function (at) {
    var v = parseInt(hex.slice(at, at + 2), 16) / 255;
    return v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
  });
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
}

/* Colours that have rules of their own, and those of shapes (text on coloured cells has others). */
var ADAPTED = { "#262626": true, "#555": true, "#dfdfdf": true, "#ccc": true, "#fff": true };
var SHAPES = /<(path|rect|g)\b[^>]*>/g, COLORS = /#[0-9a-fA-F]{3,6}(?=")/g;

function isLost(color) {
  return !ADAPTED[color] &&
         (luminance(color) + 0.05) / (luminance(DARK_GROUND) + 0.05) < LEAST_CONTRAST;
}

/* Does a shape have a colour that is not seen on a dark ground? */
function losesColors(svg) {
  return (svg.match(SHAPES) || []).some(function (shape) {
    return (shape.match(COLORS) || []).some(isLost);
  });
}

function lighter(hex) {
  if (hex.length === 4) hex = hex.replace(/[^#]/g, "$&$&");
  return "#" + [1, 3, 5].map(function (at) {
    var v = parseInt(hex.slice(at, at + 2), 16);
    return Math.round(v + (255 - v) * LIGHTER).toString(16).padStart(2, "0");
  }).join("");
}

/* All colours of data mixed with white. */
function lightened(svg) {
  return svg.replace(SHAPES, function (shape) {
    return shape.replace(COLORS, function (color) { return ADAPTED[color] ? color : lighter(color); });
  });
}

/* The rules for a drawing that is a document of its own, or (`inside`: what selects it) part of a page. */
function darkRules(ground, inside) {
  return Object.keys(DARK_RULES).map(function (selector) {
    var place = !inside ? selector : selector.indexOf(":root") === 0 ? selector.replace(":root", inside)
                                                                     : inside + " " + selector;
    return place + "{" + DARK_RULES[selector].replace("GROUND", ground) + "}";
  }).join("");
}

/* The drawing with rules for a dark page, or null where it is none of ours. */
function darkDrawing(svg, ground) {
  var end = svg.indexOf("</desc>\n");
  if (end < 0 || svg.indexOf('role="img"') < 0) return null;
  if (losesColors(svg)) svg = lightened(svg);
  end += "</desc>\n".length;
  return svg.slice(0, end) + "<style>" + darkRules(ground) + "</style>\n" + svg.slice(end);
}

/* Drawings inside an output of HTML (graphs of models, a plot beside words) follow one sheet of the page. */
function markDrawings(node) {
  node.querySelectorAll("svg[role=img] > desc + rect[fill='#fff']").forEach(function (ground) {
    var svg = ground.parentNode;
    svg.classList.toggle("awml-plot", !losesColors(svg.outerHTML));
  });
}

function themeIsDark() {
  return document.body.dataset.jpThemeLight === "false";
}

/* JupyterLab's own renderers do the work; `adapt(renderer, model)` then changes what they made. */
function adaptRenderer(registry, type, adapt) {
  var usual = registry.getFactory(type);
  if (!usual) return;
  registry.addFactory(Object.assign({}, usual, { createRenderer: function (options) {
    var renderer = usual.createRenderer(options), render = renderer.renderModel;
    renderer.renderModel = function (model) {
      return render.call(renderer, model).then(function () { adapt(renderer, model); });
    };
    return renderer;
  } }));
}

/* The drawings that are images of a part of the page: learning curves, on nbconvert's pages plots too. */
function imagesOf(node) {
  var start = "data:image/svg+xml;base64,";
  return Array.from(node.querySelectorAll('img[src^="' + start + '"]')).map(function (img) {
    var bytes = Uint8Array.from(atob(img.src.slice(start.length)), function (c) { return c.charCodeAt(0); });
    return { img: img, svg: new TextDecoder().decode(bytes) };
  });
}

function paint(one) {
  var ground = getComputedStyle(document.body).getPropertyValue("--jp-layout-color0").trim();
  var dark = themeIsDark() ? darkDrawing(one.svg, ground || DARK_GROUND) : null;
  one.img.src = "data:image/svg+xml," + encodeURIComponent(dark || one.svg);
}

/* For what is part of the page. */
function addDarkSheet() {
  var sheet = document.createElement("style"), dark = 'body[data-jp-theme-light="false"] ';
  sheet.textContent = darkRules("var(--jp-layout-color0)", dark + "svg.awml-plot") +
    dark + ".awml-drawn img," + dark + ".awml-drawn canvas{filter:invert(.93) hue-rotate(180deg)}";
  document.head.appendChild(sheet);
}

/* A page that nbconvert wrote: all of it is there, and its theme stays. */
function awmlPage() {
  if (!themeIsDark()) return;
  addDarkSheet();
  imagesOf(document.body).forEach(paint);
  markDrawings(document.body);
}

function awmlPictures(registry) {
  var type = "image/svg+xml", shown = new Map(); // the images of each renderer and their drawings

  function keep(renderer, images) {
    if (!shown.has(renderer)) renderer.disposed.connect(function () { shown.delete(renderer); });
    shown.set(renderer, images);
    if (themeIsDark()) images.forEach(paint);
  }

  adaptRenderer(registry, type, function (renderer, model) {
    var img = renderer.node.querySelector("img"), about = model.metadata[type];
    if (!img) return;
    img.style.cssText = "max-width:100%;height:auto";
    if (about && about.alt) img.alt = about.alt;
    keep(renderer, [{ img: img, svg: String(model.data[type]) }]);
  });
  adaptRenderer(registry, "text/html", function (renderer) {
    var images = imagesOf(renderer.node);
    if (images.length || shown.has(renderer)) keep(renderer, images);
    markDrawings(renderer.node);
  });

  new MutationObserver(function () { shown.forEach(function (images) { images.forEach(paint); }); })
    .observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  addDarkSheet();
}
