/* The views of single kinds of values; display.c chooses. Each fills `plain`, and `html` where a
 * table says more (left empty otherwise). Neither ends with a newline too many. */
#pragma once
#include "display/display.h"
#include "display/sheet.h"

struct view {
    struct text plain, html;
};

void tensor_view(const struct tensor *t, struct view *v);
void table_view(const struct table *t, bool is_history, struct view *v);
struct estimator_value;
void estimator_view(const struct estimator_value *m, struct view *v);
void heat_view(const struct heat *heat, struct view *v); /* with coloured cells */
void model_view(const struct model_value *m, struct view *v);
void function_view(struct value f, struct view *v);
void config_view(const struct config *c, struct view *v);
/* Records, lists and tuples. */
void container_view(struct value c, struct view *v);

/* A number in few characters: "float64 [100, 784]", "Denoiser model", at most `most` characters. */
void value_short(struct value x, int most, struct text *out);

/* How the numbers of one column or tensor are written, so that they line up. Start with zeros and
 * note every number that will be shown. */
struct number_style {
    bool keep_small;          /* rather no alignment than 0.0000 for a small number */
    bool fractions;           /* not all are whole */
    int needed;               /* decimals that show six significant digits of each */
    double smallest, largest; /* sizes, without zeros */
};
void number_style_note(struct number_style *s, double x);
void number_write(const struct number_style *s, double x, struct text *out);

/* "24,097" */
void count_print(int64_t n, struct text *out);

/* A plot, figure or picture, drawn; the bundle gets the picture and the words. */
bool plot_bundle(const struct plot *p, const char *title, struct bundle *b, struct err *e);
bool figure_bundle(const struct figure *f, const char *title, struct bundle *b, struct err *e);
/* Tensors that are pictures. */
bool image_bundle(struct tensor *t, const char *title, struct bundle *b, struct err *e);

/* ---- words ---- */

/* "0.82 s", "12.3 s", "4 min 5 s", "2 h 10 min" */
void duration_words(double seconds, struct text *out);
/* "1.25 USD", "less than a cent" */
void money_words(double usd, struct text *out);
/* What a run costs while it runs, or has cost; `left`: seconds still to go, negative = unknown. */
void cost_words(const struct machine_cost *c, double seconds, double left, struct text *out);
