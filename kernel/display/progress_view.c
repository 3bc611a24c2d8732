/* The live view of a search: a bar, where it stands, the best so far, a row per trial. */
#include "display/display.h"
#include "display/svg.h"
#include "display/views.h"
#include "lang/engine.h"

bool display_progress(const struct progress *p, struct bundle *b, struct err *e) {
    struct text *html = bundle_add(b, "text/html");
    if (!html) return err_memory(e, sizeof *b);
    if (p->ended) {
        html_line(html, "font-weight:bold", str_of(p->state));
    } else {
        text_addf(html,
                  "<div><progress value=\"%.4f\" max=\"1\" style=\"width:240px\"></progress> ",
                  p->share);
        svg_escape(html, str_of(p->state));
        text_adds(html, "</div>\n");
    }
    if (p->best) html_line(html, NULL, str_of(p->best));
    if (p->table && p->table->n_rows) {
        struct view rows = {0};
        table_view(p->table, true, &rows);
        text_add(html, text_str(&rows.html));
        text_clear(&rows.plain);
        text_clear(&rows.html);
    }
    struct text *plain = bundle_add(b, "text/plain");
    if (!plain) return err_memory(e, sizeof *b);
    text_adds(plain, p->state);
    if (p->best) text_addf(plain, ". %s", p->best);
    return !html->failed || err_memory(e, html->n);
}
