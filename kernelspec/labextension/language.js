/* awml for CodeMirror 6: colours, indentation, folding. Knows no JupyterLab. The words come from the
 * program's tables (words_json) as `words`; which of them count where is as in language.md 2.3. */

var NAME = /^[\p{L}_][\p{L}\p{N}_]*/u;
var TRIPLE = /^[fF]?("""|''')/;
var SETTING_BLOCKS = ["train", "search", "plot"];

function awmlState() {
  return {
    blocks: [], // {indent, kind} of the blocks around the line
    brackets: [], // indentations of the lines where they were opened
    text: null, // the quotes of an open text
    inField: 0, // open braces inside a field of an f-string
    isF: false,
    indent: 0, // of the logical line
    opens: "block", // kind of the block that this line opens if it ends with a colon
    colon: false, // the last thing on the line
    leaves: false, // return, break …: the block ends here
    first: true, // nothing but spaces so far
    assigned: false, // a first = has been seen
    value: false, // right behind the first =
    dot: false, // right behind a dot
    number: false, // right behind a number
    naming: "", // right behind def, model …: the next name is new
    words: {}, // words that count further on in this line: on, over
  };
}

function copyState(state) {
  return Object.assign({}, state, {
    blocks: state.blocks.slice(),
    brackets: state.brackets.slice(),
    words: Object.assign({}, state.words),
  });
}

function startLine(state, indent) {
  if (state.colon) state.blocks.push({ indent: state.indent, kind: state.opens });
  while (state.blocks.length && state.blocks[state.blocks.length - 1].indent >= indent)
    state.blocks.pop();
  Object.assign(state, { indent: indent, opens: "block", colon: false, leaves: false, first: true,
                         assigned: false, value: false, dot: false, number: false, naming: "",
                         words: {} });
}

function blockOf(state) {
  return state.blocks.length ? state.blocks[state.blocks.length - 1].kind : "";
}

function readText(stream, state) {
  var quote = state.text;
  while (!stream.eol()) {
    if (stream.match(quote)) {
      state.text = null;
      return;
    }
    var ch = stream.next();
    if (ch === "\\") stream.next();
    else if (ch === "{" && state.isF && !stream.eat("{")) {
      if (stream.pos - stream.start > 1) stream.backUp(1);
      else state.inField = 1;
      return;
    }
  }
  if (quote.length === 1) state.text = null; // it ends with its line
}

/* The code inside the braces of an f-string, as one piece. */
function readField(stream, state) {
  while (!stream.eol() && state.inField) {
    var ch = stream.next();
    if (ch === "{") state.inField++;
    else if (ch === "}") state.inField--;
  }
  if (state.text.length === 1 && stream.eol() && state.inField) {
    state.inField = 0;
    state.text = null;
  }
}

/* A word that is a word of a statement here and an ordinary name elsewhere; its kind of block. */
function statementOf(word, stream, state, words) {
  var place = words.statements, block = blockOf(state);
  var name = stream.match(/^\s+[\p{L}_]/u, false), colon = stream.match(/^\s*:\s*(#.*)?$/, false);
  var is = function (list) { return list.indexOf(word) >= 0; };
  if (is(place.cell) && (state.first || (state.value && word !== "model")))
    return (word === "model" || word === "train" ? name : colon) ? word : null;
  if (!state.first) return state.words[word] && !state.brackets.length ? "word" : null;
  if (block === "train" && is(place.train) && name) return word;
  if (block === "search" && is(place.search)) return (word === "over" ? name : colon) ? word : null;
  if (block === "model" && is(place.model))
    return (word === "output" ? stream.match(/^\s+[^\s=.,:+*\/<>!%&|@)]/, false) : name) ? word : null;
  var inStep = state.blocks.some(function (b) { return b.kind === "step"; });
  return inStep && is(place.step) && stream.match(/^\s+[^\s=.,]/, false) ? word : null;
}

function startStatement(word, state) {
  if (word === "train") state.words.on = true;
  if (word === "minimize" || word === "maximize") state.words.over = true;
  if (word === "each") state.words.epoch = state.words.batch = true;
  if (word === "model") state.naming = "definition";
  if (/^(input|weight|over|step)$/.test(word)) state.naming = "name";
  if (word !== "word") state.opens = word;
  return "keyword";
}

function reservedWord(word, state) {
  if (word === "def") {
    state.naming = "definition";
    state.opens = "def";
  } else if (state.first && /^(if|elif|else|for|while)$/.test(word)) {
    state.opens = /^(if|elif|else)$/.test(word) ? "if" : "loop";
  }
  state.leaves = state.first && /^(return|break|continue|pass)$/.test(word);
  return "keyword";
}

function nameToken(word, stream, state, words, sets) {
  var called = stream.match(/^\s*\(/, false);
  if (state.dot)
    return !called ? "propertyName" : sets.layers[word] ? "variableName.special"
      : sets.functions[word] ? "variableName.standard" : "propertyName";
  if (state.naming) return "variableName" + (state.naming === "name" ? "" : ".definition");
  if (state.number && sets.units[word]) return "number";
  if (sets.values[word]) return "bool";
  if (sets.reserved[word] || sets.refused[word]) return reservedWord(word, state);
  var statement = statementOf(word, stream, state, words);
  if (statement) return startStatement(statement, state);
  var block = blockOf(state);
  if (state.first && SETTING_BLOCKS.indexOf(block) >= 0 && stream.match(/^\s*:/, false))
    return words.settings[block].indexOf(word) >= 0 ? "attributeName" : "variableName";
  // given here, an argument, or a value that happens to have a function's name
  if (stream.match(/^(\s*=(?!=)|\.|\[)/, false)) return "variableName";
  if (sets.layers[word]) return "variableName.special";
  if (sets.functions[word] || sets.constants[word]) return "variableName.standard";
  return "variableName";
}

function readNumber(stream) {
  if (stream.match(/^\d+x\d+(x\d+)*(?![\p{L}\p{N}_])/u)) return true;
  if (!stream.match(/^(\d[\d_]*(\.[\d_]*)?|\.\d[\d_]*)([eE][+-]?\d+)?/)) return false;
  stream.match(/^%(?!\s*[\p{L}\p{N}_(\["'])/u); // a percentage, where no operand follows
  return true;
}

function readSign(stream, state) {
  var ch = stream.next();
  if ("([{".indexOf(ch) >= 0) {
    state.brackets.push(state.indent);
    return "bracket";
  }
  if (")]}".indexOf(ch) >= 0) {
    state.brackets.pop();
    return "bracket";
  }
  if (",;:".indexOf(ch) >= 0) return "punctuation";
  if (ch === ".") return "derefOperator";
  stream.match(/^[=<>*\/&|@+\-!%~]+/);
  return "operator";
}

/* What the next word may be depends on what stood before it. */
function remember(state, text, kind, before) {
  if (kind === "comment") return;
  state.value = text === "=" && !state.assigned && !state.brackets.length;
  if (text === "=" && !state.brackets.length) state.assigned = true;
  state.dot = text === ".";
  state.number = kind === "number";
  state.naming = before.naming === state.naming ? "" : state.naming;
  state.colon = text === ":" && !state.brackets.length;
  state.first = false;
}

function readToken(stream, state, words, sets) {
  if (state.text) {
    if (state.inField) return readField(stream, state), "string.special";
    readText(stream, state);
    return "string";
  }
  if (stream.sol() && !state.brackets.length && !stream.match(/^\s*(#.*)?$/, false) &&
      !stream.match(/^\s*\.[\p{L}_]/u, false))
    startLine(state, stream.indentation());
  if (stream.eatSpace()) return null;
  var before = { naming: state.naming };
  var kind = freshToken(stream, state, words, sets);
  remember(state, stream.current(), kind, before);
  return kind;
}

function freshToken(stream, state, words, sets) {
  if (stream.match(/^#.*/)) return "comment";
  if (state.first && !state.brackets.length && stream.match(/^([!?].*|%%?\w+)/)) return "meta";
  var quotes = stream.match(TRIPLE) || stream.match(/^[fF]?(["'])/);
  if (quotes) {
    state.text = quotes[1];
    state.isF = /^f/i.test(quotes[0]);
    readText(stream, state);
    return "string";
  }
  if (readNumber(stream)) return "number";
  var word = stream.match(NAME);
  if (word) return nameToken(word[0], stream, state, words, sets);
  return readSign(stream, state);
}

function setOf(list) {
  var set = Object.create(null);
  list.forEach(function (word) { set[word] = true; });
  return set;
}

/* Where a line belongs, from the state in front of it. */
function indentOf(state, textAfter, unit) {
  if (state.text) return null;
  if (state.brackets.length) {
    var base = state.brackets[state.brackets.length - 1];
    return /^[)\]}]/.test(textAfter) ? base : base + unit;
  }
  if (/^(elif|else)\b/.test(textAfter)) {
    for (var i = state.blocks.length - 1; i >= 0; i--)
      if (state.blocks[i].kind === "if") return state.blocks[i].indent;
  }
  if (/^\.[\p{L}_]/u.test(textAfter)) return state.indent + unit;
  if (state.colon) return state.indent + unit;
  return state.leaves ? Math.max(0, state.indent - unit) : state.indent;
}

/* A block folds from the end of its header to the end of its last line. */
function foldBlock(state, start) {
  var header = state.doc.lineAt(start), end = null;
  if (!/:\s*(#.*)?$/.test(header.text) || /^\s*#/.test(header.text)) return null;
  var indent = header.text.search(/\S/);
  for (var n = header.number + 1; n <= state.doc.lines; n++) {
    var line = state.doc.line(n), at = line.text.search(/\S/);
    if (at < 0) continue;
    if (at <= indent) break;
    end = line.to;
  }
  return end === null ? null : { from: header.to, to: end };
}

/* `cm` is @codemirror/language. */
function awmlLanguage(cm, words) {
  var sets = {};
  ["reserved", "refused", "values", "layers", "functions", "constants", "units"].forEach(
    function (key) { sets[key] = setOf(words[key]); });
  var language = cm.StreamLanguage.define({
    name: "awml",
    startState: awmlState,
    copyState: copyState,
    token: function (stream, state) { return readToken(stream, state, words, sets); },
    indent: function (state, textAfter, context) {
      return indentOf(state, textAfter, context.unit);
    },
    languageData: {
      commentTokens: { line: "#" },
      closeBrackets: { brackets: ["(", "[", "{", '"', "'", '"""'] },
      indentOnInput: /^\s*(elif\b.*|else\s*:|\.[\p{L}_])$/u,
    },
  });
  return { language: language, folding: cm.foldService.of(foldBlock) };
}
