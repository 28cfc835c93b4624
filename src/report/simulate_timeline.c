/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps and requests as trace events, written as they come.
 *
 * What:  the JSON object form of the Trace Event Format: a process a role, a thread an instance,
 *        a complete event ("X") a step, counters ("C") of its queue and cache where it begins; a
 *        request is an asynchronous span ("b", "e") around the spans of its phases.
 * Why:   times are whole nanoseconds before they become microseconds of text: steps that follow
 *        each other then touch and never overlap, which viewers refuse.
 * Bound: steps and requests beyond the limits are counted, not written; the metadata says how many.
 */
#include "report/digits.h"
#include "report/simulate_report.h"

#include <math.h>

enum {
    EVENT_MAX = 1024, /* characters of one event: fixed text and at most 12 numbers */
    NAMES_MAX = 4096, /* instances of a role that get a name */
    PID_PREFILL = 1,
    PID_SERVE = 2,
    PID_REQUESTS = 3,
    TIDS_OF_PID = 1000000
};

/* An event being put together. */
typedef struct event {
    char text[EVENT_MAX];
    char *at;
} event;

static void put(event *e, const char *text)
{
    e->at = mu_digits_text(e->at, text);
}

static void put_count(event *e, const char *before, uint64_t value)
{
    put(e, before);
    e->at = mu_digits_count(e->at, value);
}

static int64_t nanoseconds(double time_s)
{
    return llround(1e9 * fmin(fmax(time_s, 0.0), 9e9));
}

static void put_time(event *e, const char *before, int64_t time_ns)
{
    put(e, before);
    e->at = mu_digits_scaled(e->at, time_ns, 3);
}

/* The members every event begins with. Viewers name threads by their number alone, whatever the
 * process: no two have the same. */
static void begin(event *e, const char *phase, int64_t time_ns, uint64_t pid, uint64_t instance)
{
    e->at = e->text;
    put(e, "{\"ph\":\"");
    put(e, phase);
    put_time(e, "\",\"ts\":", time_ns);
    put_count(e, ",\"pid\":", pid);
    put_count(e, ",\"tid\":", pid * TIDS_OF_PID + instance);
}

static void end(mu_timeline *t, event *e)
{
    put(e, "}");
    fputs(t->first ? "\n" : ",\n", t->out);
    t->first = false;
    (void)fwrite(e->text, 1, (size_t)(e->at - e->text), t->out);
}

/* What is no count of things does not come out of a simulator; a file shows 0 for it. */
static uint64_t whole(double count)
{
    return count > 0.0 && count < 1e18 ? (uint64_t)llround(count) : 0;
}

/* "prefill 8192 + decode 64": tokens and sequences. */
static void put_name(event *e, const mu_sim_event *s)
{
    bool prefills = s->prefill_tokens > 0.0;
    bool decodes = s->decode_sequences > 0.0;
    put(e, ",\"name\":\"");
    if (prefills) {
        put_count(e, "prefill ", whole(s->prefill_tokens));
    }
    if (decodes || !prefills) {
        put_count(e, prefills ? " + decode " : "decode ", whole(s->decode_sequences));
    }
    put(e, "\"");
}

static void write_step(mu_timeline *t, const mu_sim_event *s, uint64_t pid)
{
    event e;
    int64_t start = nanoseconds(s->start_s);
    begin(&e, "X", start, pid, s->instance);
    put_time(&e, ",\"dur\":", nanoseconds(s->end_s) - start);
    put_name(&e, s);
    put(&e, ",\"cat\":\"step\"");
    put_count(&e, ",\"args\":{\"decode_sequences\":", whole(s->decode_sequences));
    put_count(&e, ",\"prefill_sequences\":", whole(s->prefill_sequences));
    put_count(&e, ",\"prefill_tokens\":", whole(s->prefill_tokens));
    put_count(&e, ",\"running\":", s->running);
    put_count(&e, ",\"waiting\":", s->waiting);
    put(&e, "}");
    end(t, &e);
}

/* Counters belong to a process, so the instance is part of their name. */
static void write_counters(mu_timeline *t, const mu_sim_event *s, uint64_t pid)
{
    event e;
    int64_t start = nanoseconds(s->start_s);
    begin(&e, "C", start, pid, s->instance);
    put_count(&e, ",\"name\":\"requests of instance ", s->instance);
    put_count(&e, "\",\"args\":{\"running\":", s->running);
    put_count(&e, ",\"waiting\":", s->waiting);
    put(&e, "}");
    end(t, &e);
    begin(&e, "C", start, pid, s->instance);
    put_count(&e, ",\"name\":\"cache of instance ", s->instance);
    put(&e, "\",\"args\":{\"percent\":");
    e.at = mu_digits_scaled(e.at, llround(1e4 * fmin(fmax(s->cache_share, 0.0), 1.0)), 2);
    put(&e, "}");
    end(t, &e);
}

void mu_timeline_begin(mu_timeline *t, FILE *out)
{
    *t = (mu_timeline){.out = out,
                       .steps_most = MU_TIMELINE_STEPS,
                       .requests_most = MU_TIMELINE_REQUESTS,
                       .first = true};
    fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[", out);
}

void mu_timeline_step(void *timeline, const mu_sim_event *s)
{
    mu_timeline *t = timeline;
    uint32_t *instances = &t->instances[s->prefill_role ? 0 : 1];
    uint64_t pid = s->prefill_role ? PID_PREFILL : PID_SERVE;
    if (t->steps++ >= t->steps_most) {
        return;
    }
    *instances = s->instance >= *instances ? s->instance + 1 : *instances;
    write_counters(t, s, pid);
    write_step(t, s, pid);
}

/* A span's begin or end; spans of one id nest in the order of the file. */
static void write_span(mu_timeline *t, const char *phase, const char *name, int64_t time_ns,
                       const mu_sim_record *r)
{
    event e;
    begin(&e, phase, time_ns, PID_REQUESTS, 0);
    put(&e, ",\"cat\":\"request\",\"name\":\"");
    put(&e, name);
    put_count(&e, "\",\"id\":", r->number);
    if (phase[0] == 'b' && name[0] == 'r') {
        put_count(&e, ",\"args\":{\"number\":", r->number);
        put_count(&e, ",\"tenant\":", r->tenant);
        put_count(&e, ",\"instance\":", r->instance);
        put_count(&e, ",\"input\":", r->input);
        put_count(&e, ",\"output\":", r->output);
        put_count(&e, ",\"cached\":", r->cached);
        put_count(&e, ",\"preempted\":", r->preempted);
        put_count(&e, ",\"retried\":", r->retried);
        put(&e, r->good ? ",\"good\":true}" : ",\"good\":false}");
    }
    end(t, &e);
}

static int64_t between(int64_t low, int64_t value, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* A retried request may have had its first token before its last start: phases keep the order. */
void mu_timeline_request(void *timeline, const mu_sim_record *r)
{
    mu_timeline *t = timeline;
    int64_t arrival = nanoseconds(r->arrival_s);
    int64_t done = nanoseconds(r->end_s);
    int64_t start = between(arrival, nanoseconds(r->start_s), done);
    int64_t first = between(start, nanoseconds(r->first_token_s), done);
    if (t->requests++ >= t->requests_most || t->steps > t->steps_most) {
        t->requests_left_out++;
        return;
    }
    write_span(t, "b", "request", arrival, r);
    write_span(t, "b", "wait", arrival, r);
    write_span(t, "e", "wait", start, r);
    write_span(t, "b", "prefill", start, r);
    write_span(t, "e", "prefill", first, r);
    write_span(t, "b", "decode", first, r);
    write_span(t, "e", "decode", done, r);
    write_span(t, "e", "request", done, r);
}

/* A metadata event: what a process or thread is called. */
static void write_name(mu_timeline *t, uint64_t pid, const uint32_t *instance, const char *name)
{
    event e;
    begin(&e, "M", 0, pid, instance != NULL ? *instance : 0);
    put(&e, instance != NULL ? ",\"name\":\"thread_name\"" : ",\"name\":\"process_name\"");
    put(&e, ",\"args\":{\"name\":\"");
    put(&e, name);
    if (instance != NULL) {
        put_count(&e, " ", *instance);
    }
    put(&e, "\"}");
    end(t, &e);
}

static void write_role_names(mu_timeline *t, uint64_t pid, const char *role, uint32_t instances)
{
    if (instances > 0) {
        write_name(t, pid, NULL, role);
    }
    for (uint32_t i = 0; i < instances && i < NAMES_MAX; i++) {
        write_name(t, pid, &i, "instance");
    }
}

mu_status mu_timeline_end(mu_timeline *t, mu_error *err)
{
    uint64_t left_out = t->steps > t->steps_most ? t->steps - t->steps_most : 0;
    write_role_names(t, PID_PREFILL, "prefill", t->instances[0]);
    write_role_names(t, PID_SERVE, t->instances[0] > 0 ? "decode" : "serve", t->instances[1]);
    if (t->requests > t->requests_left_out) {
        write_name(t, PID_REQUESTS, NULL, "requests");
    }
    fprintf(t->out,
            "\n],\"otherData\":{\"program\":\"muster simulate\",\"steps\":%llu,"
            "\"steps_left_out\":%llu,\"requests\":%llu,\"requests_left_out\":%llu}}\n",
            (unsigned long long)t->steps, (unsigned long long)left_out,
            (unsigned long long)t->requests, (unsigned long long)t->requests_left_out);
    return mu_stream_check(t->out, err);
}

static void files_step(void *files, const mu_sim_event *step)
{
    mu_timeline_step(((mu_sim_files *)files)->timeline, step);
}

static void files_request(void *context, const mu_sim_record *request)
{
    mu_sim_files *files = context;
    if (files->timeline != NULL) {
        mu_timeline_request(files->timeline, request);
    }
    if (files->requests != NULL) {
        mu_requests_row(files->requests, request);
    }
}

mu_sim_watch mu_sim_files_watch(mu_sim_files *files)
{
    bool any = files->timeline != NULL || files->requests != NULL;
    return (mu_sim_watch){.context = files,
                          .on_step = files->timeline != NULL ? files_step : NULL,
                          .on_request = any ? files_request : NULL};
}
