/* The tree of a cell. Nodes live in the program's arena; names are interned. The grammar is that of
 * language.md 4.1; which fields a kind uses stands beside it. Knows nothing of values. */
#pragma once
#include "base/arena.h"
#include "source.h"

enum ast_kind {
    /* expressions */
    AST_NUMBER, /* number, is_int + integer; unit: interned "epoch", "batch", … or NULL;
                   20% is the number 0.2 with is_percent */
    AST_SIZE,   /* 3x3: list of AST_NUMBER */
    AST_TEXT,   /* text (bytes in the arena, escapes done) */
    AST_FTEXT,  /* list: AST_TEXT and AST_FIELD parts of an f-string */
    AST_FIELD,  /* one {expr:spec} of an f-string: a = expr, text = spec, is_repr for !r,
                   shows_source for {x=} */
    AST_TRUE,
    AST_FALSE,
    AST_NONE,
    AST_NAME,       /* name; slot is filled by the resolver */
    AST_COLUMN,     /* .name inside a table verb */
    AST_LIST,       /* list */
    AST_TUPLE,      /* list: (a, b) and bare a, b */
    AST_RECORD,     /* list of AST_PAIR_FIELD */
    AST_PAIR_FIELD, /* name (interned key) , a = value; key_span */
    AST_LISTCOMP,   /* a = element, list of AST_FOR_PART, b = condition or NULL */
    AST_FOR_PART,   /* names in list (AST_NAME), a = iterated */
    AST_LAMBDA,     /* list of AST_PARAM, a = body */
    AST_ARROW,      /* a -> b */
    AST_TERNARY,    /* a if b else c */
    AST_AND,
    AST_OR,        /* a, b */
    AST_NOT,       /* a */
    AST_COMPARE,   /* list of n operands, ops[n-1] */
    AST_BINARY,    /* op, a, b */
    AST_UNARY,     /* op (AST_OP_SUB, AST_OP_ADD, AST_OP_INVERT), a */
    AST_CALL,      /* a = callee, list of AST_ARG */
    AST_ARG,       /* name or NULL, a = value; key_span of the name */
    AST_ATTRIBUTE, /* a . name; key_span of the name */
    AST_INDEX,     /* a [ list of AST_SUBSCRIPT ] */
    AST_SUBSCRIPT, /* name (axis) or NULL; a = expr, or an AST_SLICE */
    AST_SLICE,     /* a : b : c, each may be NULL */
    AST_SPOILED,   /* checks: instead of what could not be read or understood; unknown */
    /* types */
    AST_SHAPE, /* list of AST_DIM */
    AST_DIM,   /* name or NULL, a = size or NULL; is_rest for ... ; a bare name is name with
                  a = NULL */
    /* statements */
    AST_EXPR,    /* a; is_quiet if a ';' ends the cell's last line */
    AST_ASSIGN,  /* list of targets (AST_NAME, AST_ATTRIBUTE, AST_INDEX); b = type (AST_SHAPE,
                    AST_NAME) or NULL; a = value: an expression or a block statement */
    AST_AUGMENT, /* op, list[0] = target, a = value */
    AST_RETURN,  /* a or NULL */
    AST_ASSERT,  /* a, b = message or NULL */
    AST_IMPORT,  /* text = path, name = "as" name or NULL; list of names for "from" */
    AST_BREAK,
    AST_CONTINUE,
    AST_PASS,
    AST_UPDATE,  /* minimize/maximize: is_maximize, a = expr, list of AST_NAME after over */
    AST_DEF,     /* name, list of AST_PARAM, body, doc */
    AST_PARAM,   /* name, b = type or NULL, a = default or NULL */
    AST_IF,      /* a = condition, body, orelse (an elif is an AST_IF inside) */
    AST_FOR,     /* list of names, a = iterated, body */
    AST_WHILE,   /* a, body */
    AST_MODEL,   /* name, list of AST_PARAM, body, doc */
    AST_INPUT,   /* name, b = AST_SHAPE or AST_NAME */
    AST_WEIGHT,  /* name, b = type, a = init or NULL */
    AST_OUTPUT,  /* name or NULL, a */
    AST_TRAIN,   /* list of targets, a = data or NULL, body of settings, steps, eaches; doc */
    AST_SETTING, /* name, a; key_span */
    AST_STEP,    /* list of AST_NAME inputs, names2 = targets after ->, body */
    AST_EACH,    /* name = "epoch" or "batch", body */
    AST_SEARCH,  /* body of settings, overs and one trial; doc */
    AST_OVER,    /* name, a = distribution */
    AST_TRIAL,   /* body */
    AST_PLOT,    /* body of settings, marks (AST_EXPR, AST_ASSIGN), for, if; doc */
    AST_MAGIC,   /* name = "time", "%time" (cell magic), "?" (help), "!" (shell); text = rest,
                    which stands at key_span. What stands behind %time is the next statement */
    AST_N_KINDS
};

enum ast_op {
    AST_OP_ADD,
    AST_OP_SUB,
    AST_OP_MUL,
    AST_OP_DIV,
    AST_OP_FLOORDIV,
    AST_OP_MOD,
    AST_OP_MATMUL,
    AST_OP_POW,
    AST_OP_BITAND,
    AST_OP_BITOR,
    AST_OP_INVERT,
    AST_OP_LT,
    AST_OP_LE,
    AST_OP_GT,
    AST_OP_GE,
    AST_OP_EQ,
    AST_OP_NE,
    AST_OP_IN,
    AST_OP_NOT_IN
};

struct ast {
    enum ast_kind kind;
    struct span span;     /* the whole construct */
    struct span key_span; /* the name in it, where a message would point */
    enum ast_op op;
    enum ast_op *ops; /* AST_COMPARE */
    struct ast *a, *b, *c;
    struct ast **list;
    int32_t n;           /* length of list */
    struct ast **names2; /* AST_STEP */
    int32_t n_names2;
    struct ast **body; /* statements of a suite */
    int32_t n_body;
    struct ast **orelse;
    int32_t n_orelse;
    const char *name; /* interned */
    const char *unit; /* interned */
    struct str text;
    const char *doc; /* doc string or NULL */
    double number;
    int64_t integer;
    bool is_int, is_percent, is_rest, is_quiet, is_maximize, is_repr, shows_source;
    int32_t n_ops;     /* resolver: operations on arrays, this and below; 0 = it is none */
    bool is_scalar;    /* resolver: may be computed by scalar_eval */
    bool has_call;     /* resolver: a call in it may be one of a student's function */
    int32_t *misses;   /* of those two together: how often scalar_try has failed */
    uint64_t key;      /* resolver: statements: hash of the name it assigns; else of nothing */
    int32_t slot;      /* resolver: local slot, or -1 = global or built-in */
    int32_t nth;       /* resolver: which statement of its body to assign its name, from 0 */
    int32_t height;    /* levels below, itself included; at most AST_MAX_HEIGHT */
    int32_t id;        /* position in the program, from 0: keys random streams and caches */
    const void *scope; /* resolver's data for def, lambda, model, comprehension */
};

/* Trees are walked by recursion; the parser refuses taller ones, so that a walk cannot run out of
 * stack. */
enum { AST_MAX_HEIGHT = 1000 };

/* One parsed cell. Counted, because functions and models made by the cell keep it. */
struct module;
struct program {
    int32_t refs;
    struct module *module; /* of an imported file; NULL for a cell */
    struct source *source;
    struct arena *arena;
    struct ast **statements;
    int32_t n_statements;
    int32_t n_nodes;
};

struct program *program_ref(struct program *p);
void program_unref(struct program *p);

/* The name that an assignment, a train statement or `x += …` gives a value: that of x for x.a and
 * x[i] too. NULL for other statements. */
const char *ast_assigned_name(const struct ast *statement);
