/* One notebook being worked on: life, lock, interrupt, answers. */
#include "session/session.h"
#include "session/json_text.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Interrupts closer together than this are an impatient user. */
static const int64_t IMPATIENT_NS = 2000 * 1000000LL;

static void on_captured(void *user, bool is_error, struct str utf8) {
    struct session *s = user;
    stream_write(s->stream, is_error, utf8);
}

bool session_init(struct session *s, const struct courier *courier, const char *id, struct err *e) {
    memset(s, 0, sizeof *s);
    s->courier = courier;
    snprintf(s->id, sizeof s->id, "%s", id);
    pthread_mutex_init(&s->engine_lock, NULL);
    pthread_mutex_init(&s->runner_lock, NULL);
    ask_init(&s->ask);
    comms_init(&s->comms);
    widgets_init(&s->widgets);
    s->history = history_new();
    s->stream = stream_new(courier);
    if (!s->stream || !s->history) return err_memory(e, sizeof *s);
    s->capture = capture_start(on_captured, s, e);
    return s->capture != NULL;
}

void session_clear(struct session *s) {
    capture_stop(s->capture);
    stream_free(s->stream);
    history_free(s->history);
    struct engine *en = atomic_load(&s->engine);
    if (en) engine_free(en);
    widgets_clear(&s->widgets);
    comms_clear(&s->comms);
    ask_clear(&s->ask);
    pthread_mutex_destroy(&s->runner_lock);
    pthread_mutex_destroy(&s->engine_lock);
}

struct engine *session_engine(struct session *s, struct err *e) {
    struct engine *en = atomic_load(&s->engine);
    if (!en) atomic_store(&s->engine, en = engine_new(e));
    return en;
}

bool session_lock(struct session *s, int wait_ms) {
    if (wait_ms < 0) return pthread_mutex_lock(&s->engine_lock) == 0;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)wait_ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return pthread_mutex_timedlock(&s->engine_lock, &until) == 0;
}

void session_unlock(struct session *s) {
    pthread_mutex_unlock(&s->engine_lock);
}

static void stop_engine(struct session *s) {
    struct engine *en = atomic_load(&s->engine);
    if (en) engine_stop(en);
    ask_stop(&s->ask);
}

static void wake_runner(struct session *s) {
    pthread_mutex_lock(&s->runner_lock);
    if (s->has_runner) pthread_kill(s->runner, SIGURG);
    pthread_mutex_unlock(&s->runner_lock);
}

void session_begin_cell(struct session *s) {
    pthread_mutex_lock(&s->runner_lock);
    s->runner = pthread_self();
    s->has_runner = true;
    pthread_mutex_unlock(&s->runner_lock);
    atomic_fetch_add(&s->cell_serial, 1);
    atomic_store(&s->running, true);
}

void session_end_cell(struct session *s) {
    atomic_store(&s->running, false);
    pthread_mutex_lock(&s->runner_lock);
    s->has_runner = false;
    pthread_mutex_unlock(&s->runner_lock);
}

bool session_interrupt(struct session *s) {
    if (!atomic_load(&s->running)) return false;
    int64_t now = now_ns();
    int64_t before = atomic_exchange(&s->interrupted_ns, now);
    stop_engine(s);
    if (before && now - before < IMPATIENT_NS) wake_runner(s);
    return true;
}

void session_repeat_interrupt(struct session *s, uint32_t cell_serial) {
    if (atomic_load(&s->running) && atomic_load(&s->cell_serial) == cell_serial) stop_engine(s);
}

void session_finish(struct session *s) {
    atomic_store(&s->ending, true);
    session_interrupt(s);
}

void session_answer(struct session *s, struct str text) {
    ask_answer(&s->ask, text);
}

void session_nobody_answers(struct session *s) {
    ask_gone(&s->ask);
}

void session_reply(struct session *s, struct request *r, json_t *content) {
    if (content) s->courier->reply(s->courier->user, r, content, NULL);
    json_decref(content);
}

void session_reply_error(struct session *s, struct request *r, const char *ename,
                         const char *evalue) {
    json_t *v = json_object();
    json_object_set_new(v, "status", json_string("error"));
    json_object_set_new(v, "ename", json_string(ename));
    json_object_set_new(v, "evalue", json_of(str_of(evalue)));
    json_t *traceback = json_array();
    json_array_append_new(traceback, json_of(str_of(evalue)));
    json_object_set_new(v, "traceback", traceback);
    if (strcmp(r->type, "execute_request") == 0) {
        json_object_set_new(v, "execution_count", json_integer(atomic_load(&s->count)));
    }
    session_reply(s, r, v);
}

void session_publish(struct session *s, struct origin *parent, const char *type, json_t *content) {
    if (content) s->courier->publish(s->courier->user, parent, type, content, NULL, NULL, 0);
    json_decref(content);
}
