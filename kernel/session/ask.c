/* A question to the user in the middle of a cell. */
#include "session/ask.h"

void ask_init(struct ask *a) {
    *a = (struct ask){0};
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
}

void ask_clear(struct ask *a) {
    text_clear(&a->answer);
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
}

void ask_begin(struct ask *a) {
    pthread_mutex_lock(&a->lock);
    text_clear(&a->answer);
    a->state = ASK_WAITING;
    pthread_mutex_unlock(&a->lock);
}

static void finish(struct ask *a, enum ask_state state, struct str text) {
    pthread_mutex_lock(&a->lock);
    if (a->state == ASK_WAITING) {
        a->state = state;
        text_add(&a->answer, text);
        pthread_cond_broadcast(&a->changed);
    }
    pthread_mutex_unlock(&a->lock);
}

void ask_answer(struct ask *a, struct str text) {
    finish(a, ASK_ANSWERED, text);
}

void ask_stop(struct ask *a) {
    finish(a, ASK_STOPPED, STR(""));
}

void ask_gone(struct ask *a) {
    finish(a, ASK_GONE, STR(""));
}

bool ask_wait(struct ask *a, struct text *answer, struct err *e) {
    pthread_mutex_lock(&a->lock);
    while (a->state == ASK_WAITING) pthread_cond_wait(&a->changed, &a->lock);
    enum ask_state state = a->state;
    a->state = ASK_NOTHING;
    if (state == ASK_ANSWERED) text_add(answer, text_str(&a->answer));
    text_clear(&a->answer);
    pthread_mutex_unlock(&a->lock);
    if (state == ASK_STOPPED) return err_set(e, ERR_INTERRUPT, "stopped while waiting for input");
    if (state == ASK_GONE) {
        return err_set(e, ERR_INPUT, "nobody is connected who could answer the question");
    }
    if (str_is(text_str(answer), "\x04")) {
        return err_set(e, ERR_INPUT, "the input was ended instead of answered");
    }
    return true;
}
