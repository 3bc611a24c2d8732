/* Statements: what they do to names, and in which order. Loops and branches whose course is not
 * known while checking are in eval_unknown.c. */
#include "append.h"
#include "eval_parts.h"
#include "lang/eval/train/step.h"
#include "eval_unknown.h"
#include "builtin.h"
#include "loop.h"
#include "lang/eval/train/lost.h"
#include "modules.h"
#include "lang/eval/tables/column_written.h"
#include "lang/values/names.h"
#include "scalar.h"
#include "lang/eval/names/scope.h"
#include "base/hash.h"
#include "base/pool.h"
#include <stdio.h>
#include <math.h>
#include <string.h>

/* ---- assignment ---- */

static bool assign_field(struct eval *ev, const struct ast *target, struct value take) {
    struct value base, changed;
    if (replace_number(ev, target, take)) return true;
    if (!eval_expr(ev, target->a, &base)) return value_unref(take), false;
    bool ok = index_replace(ev, base, target, take, &changed);
    value_unref(base);
    value_unref(take);
    return ok && assign_target(ev, target->a, changed);
}

bool assign_target(struct eval *ev, const struct ast *target, struct value take) {
    if (target->kind == AST_NAME) return name_set(ev, target, take);
    if (target->kind == AST_TUPLE || target->kind == AST_LIST)
        return assign_many(ev, target->list, target->n, take);
    return assign_field(ev, target, take);
}

bool assign_many(struct eval *ev, struct ast *const *targets, int n, struct value take) {
    int64_t count;
    struct span at = targets[0]->span;
    bool one = value_is_number(take) || take.kind == V_BOOL || take.kind == V_NONE;
    if (one) {
        value_unref(take);
        fail(ev, at, ERR_VALUE, "%d names are to receive values, and there is one: %s.", n,
             value_kind_words(take.kind));
        return err_hint(ev->e, "Write as many values as names: a, b = 1, 2");
    }
    bool ok = iterate_count(ev, take, at, &count);
    if (ok && count >= 0 && count != n) {
        ok = fail(ev, at, ERR_VALUE, "%d names are to receive values, and there %s %lld.", n,
                  count == 1 ? "is" : "are", (long long)count);
    }
    for (int i = 0; ok && i < n; i++) {
        struct value item;
        ok = iterate_item(ev, take, i, &item) && assign_target(ev, targets[i], item);
    }
    value_unref(take);
    return ok;
}

static bool checked_value(struct eval *ev, const struct ast *s, struct value *v) {
    if (s->a->kind == AST_TRAIN || s->a->kind == AST_PLOT || s->a->kind == AST_SEARCH)
        TRY(eval_block(ev, s->a, v));
    else TRY(eval_expr(ev, s->a, v));
    if (!s->b) return true;
    const char *what = s->list[0]->kind == AST_NAME ? s->list[0]->name : "this value";
    if (check_type(ev, s->b, v, what, s->a->span)) return true;
    value_unref(*v);
    return false;
}

/* The value of a condition, as value_truth; most are made of single numbers. */
static enum truth condition(struct eval *ev, const struct ast *x, const char *word) {
    struct value v = scalar_try(ev, x);
    if (v.kind == V_BOOL) return v.boolean ? TRUTH_YES : TRUTH_NO;
    if (v.kind == V_MISSING && !eval_expr(ev, x, &v)) return TRUTH_ERROR;
    enum truth t = value_truth(ev, v, x, word);
    value_unref(v);
    return t;
}

/* A local that is given a value; names of the notebook and %shapes take the longer way. */
static inline bool assign_local(struct eval *ev, const struct ast *target, struct value take) {
    if (target->kind != AST_NAME || target->slot < 0 || ev->shapes) return false;
    struct value *slot = &ev->frame->slots[target->slot];
    value_unref(*slot);
    *slot = take;
    return true;
}

/* name = numbers: was it one, and done? */
static bool assign_scalar(struct eval *ev, const struct ast *s, struct value v) {
    const struct ast *target = s->list[0];
    if (v.kind == V_MISSING) return false;
    if (target->kind != AST_NAME) return replace_number(ev, target, v);
    return assign_local(ev, target, v) || name_set(ev, target, v);
}

static enum flow exec_assign(struct eval *ev, const struct ast *s) {
    struct value v;
    bool ok, short_way = s->a->is_scalar && ev->domain == DOMAIN_RUN && s->n == 1 && !s->b;
    if (short_way) v = scalar_try(ev, s->a);
    if (short_way && v.kind != V_MISSING)
        return assign_scalar(ev, s, v) || assign_target(ev, s->list[0], v) ? FLOW_NEXT : FLOW_ERROR;
    if (append_in_place(ev, s, &ok)) return ok ? FLOW_NEXT : FLOW_ERROR;
    if (!checked_value(ev, s, &v)) return FLOW_ERROR;
    if (s->n == 1 && assign_local(ev, s->list[0], v)) return FLOW_NEXT;
    ok = s->n == 1 ? assign_target(ev, s->list[0], v) : assign_many(ev, s->list, s->n, v);
    if (!ok && ev->e->kind == ERR_SHAPE) err_at(ev->e, s->a->span);
    if (ok) column_names_remember(ev, s);
    return ok ? FLOW_NEXT : FLOW_ERROR;
}

static enum flow exec_augment(struct eval *ev, const struct ast *s) {
    const struct ast *target = s->list[0];
    struct value old, by, made = value_missing();
    if (target->is_scalar && s->a->is_scalar && !s->a->has_call && ev->domain == DOMAIN_RUN) {
        if (assign_scalar(ev, s, scalar_binary(ev, s->op, target, s->a))) return FLOW_NEXT;
    }
    if (!eval_expr(ev, target, &old)) return FLOW_ERROR;
    bool ok = eval_short(ev, s->a, &by);
    if (ok) {
        ok = apply_binary(ev, s->op, old, by, &made) ||
             fail_from(ev, s->span, (struct span[]){target->span, s->a->span}, 2);
        value_unref(by);
    }
    value_unref(old);
    return ok && assign_target(ev, target, made) ? FLOW_NEXT : FLOW_ERROR;
}

/* ---- simple statements ---- */

static enum flow exec_return(struct eval *ev, const struct ast *s) {
    struct value unseen, *to = ev->frame->returned ? ev->frame->returned : &unseen;
    if (!s->a) *to = value_none();
    else if (!eval_short(ev, s->a, to)) return FLOW_ERROR;
    if (to == &unseen) value_unref(unseen);
    return FLOW_RETURN;
}

static bool show_side(struct eval *ev, const struct ast *side, bool exact) {
    struct value v;
    char left[48];
    struct str source = source_piece(side->span);
    snprintf(left, sizeof left, "%.*s", (int)(source.n < 40 ? source.n : 40), source.p);
    if (side->kind == AST_NUMBER || !eval_expr(ev, side, &v)) return false;
    struct text t = {0};
    if (exact && v.kind == V_FLOAT) text_addf(&t, "%.17g", v.number);
    else value_repr(v, &t);
    value_unref(v);
    err_fact(ev->e, left, "%.*s%s", (int)(t.n < 160 ? t.n : 160), t.p ? t.p : "",
             t.n > 160 ? " …" : "");
    text_clear(&t);
    return true;
}

/* Are the sides numbers that differ only by rounding, 0.1 + 0.2 == 0.3? */
static bool differ_by_rounding(struct eval *ev, const struct ast *x) {
    struct value a, b = value_missing();
    if (x->kind != AST_COMPARE || x->n != 2 || x->ops[0] != AST_OP_EQ) return false;
    if (!eval_expr(ev, x->list[0], &a)) return false;
    bool near = eval_expr(ev, x->list[1], &b) && value_is_number(a) && value_is_number(b);
    if (near) {
        double p = value_number(a), q = value_number(b);
        near = p != q && fabs(p - q) <= 1e-9 * fmax(fabs(p), fabs(q));
    }
    value_unref(a);
    value_unref(b);
    return near;
}

/* close(a, b), whose two values are shown like the sides of a comparison. */
static bool is_close_call(const struct ast *x) {
    bool call = x->kind == AST_CALL && x->a->kind == AST_NAME && x->n >= 2;
    return call && strcmp(x->a->name, "close") == 0;
}

static enum flow assert_failed(struct eval *ev, const struct ast *s) {
    struct err made = {0};
    struct value message = value_missing();
    if (s->b && !eval_expr(ev, s->b, &message)) return FLOW_ERROR;
    if (message.kind == V_TEXT) err_set(&made, ERR_ASSERT, "%s", message.text->bytes);
    else err_set(&made, ERR_ASSERT, "This was asserted, and it does not hold.");
    value_unref(message);
    err_at(&made, s->a->span);
    err_label(&made, "is not True");
    struct err *outer = ev->e;
    ev->e = &made;
    struct err before = made;
    bool rounding = differ_by_rounding(ev, s->a);
    made = before;
    if (rounding)
        err_hint(&made, "Numbers with decimals are rounded in their last digits: close(a, b) "
                        "compares them up to that.");
    if (s->a->kind == AST_COMPARE)
        for (int i = 0; i < s->a->n && i < 3; i++) {
            struct err keep = made;
            if (!show_side(ev, s->a->list[i], rounding)) made = keep;
        }
    for (int i = 0; is_close_call(s->a) && i < 2; i++) {
        struct err keep = made;
        if (!show_side(ev, s->a->list[i]->a, false)) made = keep;
    }
    ev->e = outer;
    *ev->e = made;
    return FLOW_ERROR;
}

static enum flow exec_assert(struct eval *ev, const struct ast *s) {
    struct value v;
    if (!eval_expr(ev, s->a, &v)) return FLOW_ERROR;
    enum truth t = value_truth(ev, v, s->a, "assert");
    value_unref(v);
    if (t == TRUTH_ERROR) return FLOW_ERROR;
    if (t == TRUTH_NO && ev->domain == DOMAIN_RUN) return assert_failed(ev, s);
    return FLOW_NEXT;
}

static bool is_nothing(struct value v) {
    return v.kind == V_NONE || v.kind == V_UNKNOWN || v.kind == V_MISSING;
}

/* `x.append(4)` was meant to change x; anything else needs a name of its own. */
static const char *goes_on_from(const struct ast *x) {
    static const char *const changers[] = {"append", "drop_missing", "drop",         "rename",
                                           "assign", "sort",         "fill_missing", "replace"};
    bool method = x->kind == AST_CALL && x->a->kind == AST_ATTRIBUTE && x->a->a->kind == AST_NAME;
    for (size_t i = 0; method && i < ARRAY_LEN(changers); i++)
        if (strcmp(x->a->name, changers[i]) == 0) return x->a->a->name;
    return "result";
}

/* A value that nobody can see or use: in a language without side effects always a slip. */
static enum flow lost(struct eval *ev, const struct ast *s, struct value v) {
    struct str text = source_piece(s->a->span);
    int n = text.n < 60 ? (int)text.n : 60;
    fail(ev, s->span, ERR_LOST, "This line makes %s and then throws it away.",
         value_kind_words(v.kind));
    err_label(ev->e, "its result is not used");
    if (s->a->kind == AST_COMPARE)
        err_hint(ev->e, "To check that it holds, write: assert %.*s", n, text.p);
    else
        err_hint(ev->e,
                 "Values never change behind your back: give the result a name\n\n"
                 "    %s = %.*s\n\nor show it with show(…). Only the last line of a "
                 "cell shows its value by itself.",
                 goes_on_from(s->a), n, text.p);
    return FLOW_ERROR;
}

static void show_now(const struct eval *ev, struct value v) {
    if (ev->domain == DOMAIN_RUN && ev->observer->show)
        ev->observer->show(ev->observer->user, v, NULL, false);
}

/* Pictures, and the table of evaluate, are made to be looked at: shown wherever they stand. */
static bool is_for_looking(const struct ast *x, struct value v) {
    bool evaluates = x->kind == AST_CALL && x->a->kind == AST_NAME && x->a->name &&
                     strcmp(x->a->name, "evaluate") == 0;
    return v.kind == V_PLOT || v.kind == V_FIGURE || (evaluates && v.kind == V_TABLE);
}

static enum flow exec_expr(struct eval *ev, const struct ast *s) {
    struct value v;
    if (!eval_expr(ev, s->a, &v)) return FLOW_ERROR;
    enum flow flow = FLOW_NEXT;
    if (ev->plot && v.kind == V_PLOT) {
        if (!plot_take_marks(ev, v.plot)) flow = FLOW_ERROR;
    } else if (!is_nothing(v) && !s->is_quiet && is_for_looking(s->a, v)) {
        show_now(ev, v);
    } else if (!is_nothing(v) && !s->is_quiet) {
        flow = lost(ev, s, v);
    }
    value_unref(v);
    return flow;
}

static enum flow exec_def(struct eval *ev, const struct ast *s) {
    struct value f;
    if (!make_function(ev, s, &f)) return FLOW_ERROR;
    /* a function inside a function may call itself: it captures its own name */
    const struct scope *scope = s->scope;
    for (int i = 0; i < scope->n_captures; i++) {
        if (scope->captures[i].name != s->name || f.function->captured[i].kind != V_MISSING)
            continue;
        fail_later(ev, s->span, "functions inside functions that call themselves");
        value_unref(f);
        return FLOW_ERROR;
    }
    struct ast name = {.kind = AST_NAME, .name = s->name, .slot = s->slot, .span = s->span};
    return name_set(ev, &name, f) ? FLOW_NEXT : FLOW_ERROR;
}

static enum flow exec_update_line(struct eval *ev, const struct ast *s) {
    return exec_update(ev, s) ? FLOW_NEXT : FLOW_ERROR;
}

static enum flow exec_import_line(struct eval *ev, const struct ast *s) {
    return exec_import(ev, s) ? FLOW_NEXT : FLOW_ERROR;
}

static enum flow exec_block_statement(struct eval *ev, const struct ast *s) {
    struct value v;
    if (!eval_block(ev, s, &v)) return FLOW_ERROR;
    bool ok = true;
    if (v.kind == V_PLOT && ev->plot) ok = plot_take_marks(ev, v.plot);
    else if (v.kind == V_PLOT || v.kind == V_FIGURE) show_now(ev, v);
    value_unref(v);
    return ok ? FLOW_NEXT : FLOW_ERROR;
}

static enum flow exec_model(struct eval *ev, const struct ast *s) {
    return eval_define_model(ev, s) ? FLOW_NEXT : FLOW_ERROR;
}

/* ---- branches and loops ---- */

/* A body that is one `return` of single numbers. False: nothing has happened. */
static inline bool returns_number(struct eval *ev, struct ast *const *body, int n) {
    if (n != 1 || body[0]->kind != AST_RETURN || ev->domain != DOMAIN_RUN) return false;
    const struct ast *x = body[0]->a;
    if (!x || !x->is_scalar || !ev->frame->returned) return false;
    struct value v = scalar_try(ev, x);
    if (v.kind == V_MISSING) return false;
    *ev->frame->returned = v;
    return true;
}

static enum flow exec_if(struct eval *ev, const struct ast *s) {
    enum truth t = condition(ev, s->a, "if");
    if (t == TRUTH_ERROR) return FLOW_ERROR;
    if (t == TRUTH_UNKNOWN) return exec_unknown_if(ev, s);
    bool yes = t == TRUTH_YES;
    struct ast *const *arm = yes ? s->body : s->orelse;
    int n = yes ? s->n_body : s->n_orelse;
    if (n == 0) return FLOW_NEXT;
    return returns_number(ev, arm, n) ? FLOW_RETURN : exec_body(ev, arm, n);
}

enum flow exec_round(struct eval *ev, const struct ast *s, struct value item, int64_t i) {
    bool ok = s->n == 1 ? assign_local(ev, s->list[0], item) || assign_target(ev, s->list[0], item)
                        : assign_many(ev, s->list, s->n, item);
    if (!ok) return FLOW_ERROR;
    struct place round = place_round(ev->place);
    place_set_round(&round, i);
    ev->place = &round;
    enum flow flow = exec_body(ev, s->body, s->n_body);
    ev->place = round.outer;
    return flow;
}

/* `for m in members: train m …` trains a copy that is gone when the loop comes round again. */
static bool keeps_training(struct eval *ev, const struct ast *s) {
    const struct ast *name = s->list[0], *lost = lost_training(s->body, s->n_body, name->name);
    if (s->n != 1 || name->kind != AST_NAME || !lost) return true;
    struct str list = source_piece(s->a->span), train = source_piece(lost->span);
    const char *end = memchr(train.p, '\n', train.n);
    if (end) train.n = (size_t)(end - train.p);
    size_t before = lost->list[0]->span.end - lost->span.start;
    struct str rest = {train.p + before, train.n > before ? train.n - before : 0};
    fail(ev, lost->list[0]->span, ERR_LOST,
         "Values are copied, never shared: this would train the copy, and the copy is gone when "
         "the loop comes round again. %s",
         s->a->kind == AST_NAME ? "Train the element itself:"
                                : "Give the list a name, and train its elements:");
    err_note(ev->e, s->span, "%s", "");
    if (s->a->kind != AST_NAME) list = STR("models");
    err_label(ev->e, "is a copy of one element of %.*s", (int)list.n, list.p);
    return err_hint(ev->e, "    for i in range(len(%.*s)):\n        train %.*s[i]%.*s", (int)list.n,
                    list.p, (int)list.n, list.p, (int)rest.n, rest.p);
}

/* A mistake that comes only in a later round says in which: "third time round, k = 4". */
static void say_round(struct eval *ev, const struct ast *s, int64_t i) {
    static const char *const times[] = {"", "second", "third", "fourth", "fifth", "sixth"};
    struct value v;
    struct err *e = ev->e;
    bool inside =
        e->at.source == s->span.source && e->at.start >= s->span.start && e->at.end <= s->span.end;
    if (i < 1 || e->label[0] || !inside || s->n != 1 || s->list[0]->kind != AST_NAME) return;
    char word[32];
    if (i < (int)ARRAY_LEN(times)) snprintf(word, sizeof word, "%s time round", times[i]);
    else snprintf(word, sizeof word, "round %lld", (long long)i + 1);
    struct err keep = *e;
    struct text t = {0};
    if (name_get(ev, s->list[0], &v)) {
        if (value_is_number(v) || v.kind == V_TEXT) value_repr(v, &t);
        value_unref(v);
    }
    *e = keep;
    if (t.n && t.n < 40) err_label(e, "%s, %s = %s", word, s->list[0]->name, t.p);
    else err_label(e, "%s", word);
    text_clear(&t);
}

static enum flow exec_for(struct eval *ev, const struct ast *s) {
    struct loop loop;
    if (ev->domain == DOMAIN_CHECK && !keeps_training(ev, s)) return FLOW_ERROR;
    enum flow flow = loop_start(ev, s->a, &loop) ? FLOW_NEXT : FLOW_ERROR;
    if (flow == FLOW_NEXT && ev->domain == DOMAIN_CHECK &&
        (loop.n < 0 || too_long_to_check(ev, loop.n))) {
        flow = exec_unknown_for(ev, s, loop.over);
        loop.n = 0;
    }
    for (int64_t i = 0; flow == FLOW_NEXT && i < loop.n; i++) {
        struct value item;
        if (stopped(ev, s->span) || !loop_item(ev, &loop, i, &item)) {
            flow = FLOW_ERROR;
            break;
        }
        flow = exec_round(ev, s, item, i);
        if (flow == FLOW_CONTINUE) flow = FLOW_NEXT;
        if (flow == FLOW_ERROR && ev->e->kind != ERR_INTERRUPT) say_round(ev, s, i);
    }
    loop_end(&loop);
    if (flow == FLOW_ERROR && ev->e->kind != ERR_INTERRUPT) err_at(ev->e, s->span);
    return flow == FLOW_BREAK ? FLOW_NEXT : flow;
}

static enum flow exec_while(struct eval *ev, const struct ast *s) {
    enum flow flow = FLOW_NEXT;
    struct place round = place_round(ev->place);
    ev->place = &round;
    for (int64_t i = 0; flow == FLOW_NEXT; i++) {
        place_set_round(&round, i);
        enum truth t = stopped(ev, s->span) ? TRUTH_ERROR : condition(ev, s->a, "while");
        if (t == TRUTH_ERROR) flow = FLOW_ERROR;
        if (t == TRUTH_ERROR || t == TRUTH_NO) break;
        if (t == TRUTH_UNKNOWN || too_long_to_check(ev, i + 1)) {
            flow = exec_unknown_while(ev, s);
            break;
        }
        flow = exec_body(ev, s->body, s->n_body);
        if (flow == FLOW_CONTINUE) flow = FLOW_NEXT;
    }
    ev->place = round.outer;
    return flow == FLOW_BREAK ? FLOW_NEXT : flow;
}

static enum flow exec_jump(struct eval *ev, const struct ast *s) {
    (void)ev;
    if (s->kind == AST_PASS) return FLOW_NEXT;
    return s->kind == AST_BREAK ? FLOW_BREAK : FLOW_CONTINUE;
}

static enum flow exec_magic(struct eval *ev, const struct ast *s) {
    fail(ev, s->span, ERR_SYNTAX, "A line that begins with %% stands alone, outside blocks.");
    return FLOW_ERROR;
}

static enum flow (*const exec_of[AST_N_KINDS])(struct eval *, const struct ast *) = {
    [AST_EXPR] = exec_expr,
    [AST_ASSIGN] = exec_assign,
    [AST_AUGMENT] = exec_augment,
    [AST_RETURN] = exec_return,
    [AST_ASSERT] = exec_assert,
    [AST_IMPORT] = exec_import_line,
    [AST_BREAK] = exec_jump,
    [AST_CONTINUE] = exec_jump,
    [AST_PASS] = exec_jump,
    [AST_UPDATE] = exec_update_line,
    [AST_DEF] = exec_def,
    [AST_IF] = exec_if,
    [AST_FOR] = exec_for,
    [AST_WHILE] = exec_while,
    [AST_MODEL] = exec_model,
    [AST_TRAIN] = exec_block_statement,
    [AST_PLOT] = exec_block_statement,
    [AST_SEARCH] = exec_block_statement,
    [AST_MAGIC] = exec_magic,
    [AST_INPUT] = exec_model_line,
    [AST_WEIGHT] = exec_model_line,
    [AST_OUTPUT] = exec_model_line,
};

static inline enum flow run_statement(struct eval *ev, const struct ast *s) {
    if (ev->domain == DOMAIN_CHECK && ev->fuel < 0) return FLOW_NEXT;
    if (!exec_of[s->kind]) {
        fail(ev, s->span, ERR_SYNTAX, "This line belongs inside a block of another kind.");
        return FLOW_ERROR;
    }
    enum flow flow = exec_of[s->kind](ev, s);
    if (flow == FLOW_NEXT && ev->ending) return FLOW_ERROR;
    if (flow == FLOW_ERROR) err_at(ev->e, s->span);
    return flow;
}

enum flow exec_statement(struct eval *ev, const struct ast *s) {
    return run_statement(ev, s);
}

/* ---- bodies ---- */

enum flow exec_function(struct eval *ev, struct ast *const *body, int n) {
    return returns_number(ev, body, n) ? FLOW_RETURN : exec_body(ev, body, n);
}

enum flow exec_body(struct eval *ev, struct ast *const *body, int n) {
    uint64_t draws = ev->draws;
    struct place here = place_statement(ev->place);
    enum flow flow = FLOW_NEXT;
    ev->place = &here;
    for (int i = 0; flow == FLOW_NEXT && i < n; i++) {
        place_set_statement(&here, body[i]->key, body[i]->nth);
        ev->draws = 0;
        flow = run_statement(ev, body[i]);
    }
    ev->place = here.outer;
    ev->draws = draws;
    return flow;
}
