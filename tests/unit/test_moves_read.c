/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   schedules that users bring become the moves they mean; what is wrong with one is named
 *         with its place.
 * Method: schedules written here as MSCCL's tools write them, held against what is known of their
 *         algorithms; then every fault, by its message.
 */
#include "io/doc_read.h"
#include "io/moves_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { TEXT_MAX = 1 << 20 };

/* Text that grows by printf. */
typedef struct page {
    char *text;
    size_t used;
} page;

__attribute__((format(printf, 2, 3))) static void put(page *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(p->text + p->used, TEXT_MAX - p->used, format, args);
    va_end(args);
    assert_true(length >= 0 && p->used + (size_t)length < TEXT_MAX);
    p->used += (size_t)length;
}

static page new_page(void)
{
    page p = {.text = calloc(1, TEXT_MAX)};
    assert_non_null(p.text);
    return p;
}

static void put_step(page *p, uint32_t s, const char *type, uint32_t count, int depid, int deps)
{
    put(p,
        "<step s=\"%u\" type=\"%s\" srcbuf=\"i\" srcoff=\"0\" dstbuf=\"i\" dstoff=\"0\" "
        "cnt=\"%u\" depid=\"%d\" deps=\"%d\" hasdep=\"0\"/>\n",
        s, type, count, depid, deps);
}

static void begin_algo(page *p, uint32_t gpus, uint32_t chunks)
{
    put(p,
        "<algo name=\"a test\" proto=\"LL\" nchannels=\"1\" nchunksperloop=\"%u\" ngpus=\"%u\" "
        "coll=\"allreduce\" inplace=\"1\">\n",
        chunks, gpus);
}

static void begin_gpu(page *p, uint32_t id)
{
    put(p, "<gpu id=\"%u\" i_chunks=\"8\" o_chunks=\"0\" s_chunks=\"0\">\n", id);
}

static mu_schedule read_text(mu_arena *arena, const char *content, const char *file, double bytes)
{
    mu_schedule schedule;
    mu_error err = {0};
    if (mu_schedule_read_text(arena, content, strlen(content), file, bytes, &schedule, &err) !=
        MU_OK) {
        char text[1024];
        (void)mu_error_format(&err, text, sizeof text);
        fail_msg("%s", text);
    }
    assert_int_equal(schedule.moves.kind, MU_MOVES_LIST);
    assert_int_equal(mu_moves_check(&schedule.moves.list, &err), MU_OK);
    return schedule;
}

static double sent_by(const mu_move_list *list, uint32_t rank)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < list->count; i++) {
        sum += list->move[i].from == rank ? list->move[i].bytes : 0.0;
    }
    return sum;
}

/* Moves on the longest chain of waiting, each after all it needs. */
static uint32_t longest_chain(const mu_move_list *list)
{
    uint32_t *depth = calloc(list->count, sizeof *depth);
    uint32_t longest = 0;
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < list->count; i++) {
            const mu_move *m = &list->move[i];
            uint32_t after = 1;
            for (uint32_t k = 0; k < m->need_count; k++) {
                uint32_t d = depth[list->needs[m->need_first + k]] + 1;
                after = d > after ? d : after;
            }
            more = more || after != depth[i];
            depth[i] = after;
            longest = after > longest ? after : longest;
        }
    }
    free(depth);
    return longest;
}

/* One threadblock a gpu: send, receive-reduce-send ..., as MSCCL's ring all-reduce. */
static void put_ring(page *p, uint32_t n)
{
    begin_algo(p, n, n);
    for (uint32_t r = 0; r < n; r++) {
        uint32_t s = 0;
        begin_gpu(p, r);
        put(p, "<tb id=\"0\" send=\"%u\" recv=\"%u\" chan=\"0\">\n", (r + 1) % n, (r + n - 1) % n);
        put_step(p, s++, "s", 1, -1, -1);
        for (uint32_t i = 2; i < n; i++) {
            put_step(p, s++, "rrs", 1, -1, -1);
        }
        put_step(p, s++, "rrcs", 1, -1, -1);
        for (uint32_t i = 2; i < n; i++) {
            put_step(p, s++, "rcs", 1, -1, -1);
        }
        put_step(p, s++, "r", 1, -1, -1);
        put(p, "</tb></gpu>\n");
    }
    put(p, "</algo>\n");
}

static void rings_are_rings(void **state)
{
    (void)state;
    for (uint32_t n = 2; n <= 17; n++) {
        page p = new_page();
        mu_arena *arena = mu_arena_create(0);
        put_ring(&p, n);
        mu_schedule s = read_text(arena, p.text, "ring.xml", 1e6);
        assert_string_equal(s.name, "a test");
        assert_true(s.has_what);
        assert_int_equal(s.what, MU_ALL_REDUCE);
        assert_int_equal(s.ranks, n);
        assert_int_equal(s.moves.list.count, 2 * (n - 1) * n);
        assert_int_equal(longest_chain(&s.moves.list), 2 * (n - 1));
        for (uint32_t r = 0; r < n; r++) {
            double want = 2.0 * (n - 1) / n * 1e6;
            assert_true(fabs(sent_by(&s.moves.list, r) - want) < 1e-6);
        }
        mu_arena_free(arena);
        free(p.text);
    }
}

/* Two waves of everyone to everyone, a threadblock a peer: the second wave's sends wait, by nops
 * that name them, for the receives of all the others. */
static void put_all_pairs(page *p, uint32_t n)
{
    begin_algo(p, n, n);
    for (uint32_t r = 0; r < n; r++) {
        begin_gpu(p, r);
        for (uint32_t t = 0; t + 1 < n; t++) {
            uint32_t peer = t < r ? t : t + 1;
            uint32_t s = 0;
            put(p, "<tb id=\"%u\" send=\"%u\" recv=\"%u\" chan=\"0\">\n", t, peer, peer);
            put_step(p, s++, "s", 1, -1, -1);
            put_step(p, s++, "r", 1, -1, -1);
            for (uint32_t other = 0; other + 1 < n; other++) {
                if (other != t) {
                    put_step(p, s++, "nop", 0, (int)other, 1);
                }
            }
            put_step(p, s++, "re", 1, -1, -1);
            put_step(p, s++, "s", 1, -1, -1);
            put_step(p, s++, "r", 1, -1, -1);
            put(p, "</tb>\n");
        }
        put(p, "</gpu>\n");
    }
    put(p, "</algo>\n");
}

/* Every send of the second wave needs all that its rank received in the first. */
static void waits_cross_threadblocks(void **state)
{
    (void)state;
    enum { N = 6 };
    page p = new_page();
    mu_arena *arena = mu_arena_create(0);
    put_all_pairs(&p, N);
    mu_schedule s = read_text(arena, p.text, "pairs.xml", 6e6);
    const mu_move_list *list = &s.moves.list;
    uint32_t second = 0;
    assert_int_equal(list->count, 2 * N * (N - 1));
    assert_int_equal(longest_chain(list), 2);
    for (uint32_t i = 0; i < list->count; i++) {
        const mu_move *m = &list->move[i];
        uint32_t came = 0;
        assert_true(m->bytes == 1e6);
        for (uint32_t k = 0; k < m->need_count; k++) {
            came |= list->move[list->needs[m->need_first + k]].to == m->from
                        ? 1U << list->move[list->needs[m->need_first + k]].from
                        : 0;
        }
        assert_true(came == 0 || came == (((1U << N) - 1) & ~(1U << m->from)));
        second += came != 0;
    }
    assert_int_equal(second, N * (N - 1));
    mu_arena_free(arena);
    free(p.text);
}

/* Threads of a chain: needs by hand. gpu 0 sends two chunks, then one; gpu 1 hands the first on
 * from another threadblock, which waits for the receipt by name. */
static void needs_by_hand(void **state)
{
    (void)state;
    page p = new_page();
    mu_arena *arena = mu_arena_create(0);
    begin_algo(&p, 3, 4);
    begin_gpu(&p, 0);
    put(&p, "<tb id=\"0\" send=\"1\" recv=\"-1\" chan=\"3\">");
    put_step(&p, 0, "s", 2, -1, -1);
    put_step(&p, 1, "s", 1, -1, -1);
    put(&p, "</tb></gpu>");
    begin_gpu(&p, 1);
    put(&p, "<tb id=\"0\" send=\"-1\" recv=\"0\" chan=\"3\">");
    put_step(&p, 0, "r", 2, -1, -1);
    put_step(&p, 1, "r", 1, -1, -1);
    put(&p, "</tb><tb id=\"1\" send=\"2\" recv=\"-1\" chan=\"0\">");
    put_step(&p, 0, "s", 2, 0, 0);
    put_step(&p, 1, "cpy", 1, 0, 1);
    put_step(&p, 2, "s", 1, -1, -1);
    put(&p, "</tb></gpu>");
    begin_gpu(&p, 2);
    put(&p, "<tb id=\"0\" send=\"-1\" recv=\"1\" chan=\"0\">");
    put_step(&p, 0, "r", 2, -1, -1);
    put_step(&p, 1, "r", 1, -1, -1);
    put(&p, "</tb></gpu></algo>");
    mu_schedule s = read_text(arena, p.text, "hand.xml", 400.0);
    const mu_move_list *l = &s.moves.list;
    assert_int_equal(l->count, 4);
    assert_true(l->move[0].from == 0 && l->move[0].to == 1 && l->move[0].bytes == 200.0);
    assert_int_equal(l->move[0].need_count, 0);
    assert_true(l->move[1].from == 0 && l->move[1].bytes == 100.0);
    assert_true(l->move[1].need_count == 1 && l->needs[l->move[1].need_first] == 0);
    assert_true(l->move[2].from == 1 && l->move[2].to == 2 && l->move[2].bytes == 200.0);
    assert_true(l->move[2].need_count == 1 && l->needs[l->move[2].need_first] == 0);
    /* after its own send (2), and both receipts by the step before it (0, 1) */
    uint32_t needs = 0;
    for (uint32_t k = 0; k < l->move[3].need_count; k++) {
        needs |= 1U << l->needs[l->move[3].need_first + k];
    }
    assert_int_equal(needs, 7);
    mu_arena_free(arena);
    free(p.text);
}

static void chunks_of_buffers_count(void **state)
{
    (void)state;
    page p = new_page();
    mu_arena *arena = mu_arena_create(0);
    put(&p, "<algo ngpus=\"2\" coll=\"custom\">"
            "<gpu id=\"0\" i_chunks=\"2\" o_chunks=\"5\"><tb id=\"0\" send=\"1\" recv=\"-1\" "
            "chan=\"0\">");
    put_step(&p, 0, "s", 2, -1, -1);
    put(&p, "</tb></gpu><gpu id=\"1\" i_chunks=\"1\" o_chunks=\"1\"><tb id=\"0\" send=\"-1\" "
            "recv=\"0\" chan=\"0\">");
    put_step(&p, 0, "r", 2, -1, -1);
    put(&p, "</tb></gpu></algo>");
    mu_schedule s = read_text(arena, p.text, "x", 100.0);
    assert_false(s.has_what);
    assert_string_equal(s.name, "");
    assert_true(s.moves.list.move[0].bytes == 40.0);
    mu_arena_free(arena);
    free(p.text);
}

static void refused_bytes(const char *text, double bytes, uint32_t line, const char *part)
{
    mu_arena *arena = mu_arena_create(0);
    mu_schedule schedule = {.name = "untouched"};
    mu_error err = {0};
    char whole[1024];
    mu_status status =
        mu_schedule_read_text(arena, text, strlen(text), "f", bytes, &schedule, &err);
    (void)mu_error_format(&err, whole, sizeof whole);
    if (status != MU_E_INPUT || err.line != line || strstr(err.text, part) == NULL) {
        fail_msg("status %d, want line %u \"%s\", got \"%s\"", (int)status, line, part, whole);
    }
    assert_string_equal(schedule.name, "untouched");
    mu_arena_free(arena);
}

static void refused(const char *text, uint32_t line, const char *part)
{
    refused_bytes(text, 1e6, line, part);
}

#define ALGO "<algo name=\"a\" nchunksperloop=\"2\" ngpus=\"2\" coll=\"allreduce\">\n"
#define GPU(id) "<gpu id=\"" #id "\" i_chunks=\"2\" o_chunks=\"0\" s_chunks=\"0\">\n"
#define TB(id, send, recv) "<tb id=\"" #id "\" send=\"" #send "\" recv=\"" #recv "\" chan=\"0\">\n"
#define STEP(s, type, cnt, depid, deps)                                                            \
    "<step s=\"" #s "\" type=\"" #type "\" cnt=\"" #cnt "\" depid=\"" #depid "\" deps=\"" #deps    \
    "\"/>\n"
#define END "</tb></gpu>\n"

static void bad_structure_is_named(void **state)
{
    (void)state;
    refused("<algo", 1, "not well-formed XML");
    refused("<algo>\n</algo>", 1, "algo: expected an attribute ngpus");
    refused("<algo ngpus=\"0\"/>", 1, "expected ngpus to be a whole number from 1 to");
    refused("<algo ngpus=\"2x\"/>", 1, "found \"2x\"");
    refused("<algo ngpus=\"99999999999999999999\"/>", 1, "found \"99999999999999999999\"");
    refused("<system/>", 1, "expected <algo>, found <system>");
    refused("<!DOCTYPE algo [<!ENTITY a \"b\">]>\n<algo/>", 1, "no document type");
    refused(ALGO "<tb id=\"0\"/></algo>", 2, "expected <gpu>, found <tb>");
    refused(ALGO GPU(1) "</gpu></algo>", 2, "expected id 0 next, found 1");
    refused(ALGO GPU(0) "</gpu></algo>", 3, "expected 2 gpus (ngpus), found 1");
    refused(ALGO GPU(0) TB(1, 1, 1) END "</algo>", 3, "expected id 0 next of gpu 0, found 1");
    refused(ALGO GPU(0) TB(0, 0, 1) END "</algo>", 3, "gpu 0 has itself for a peer");
    refused(ALGO GPU(0) TB(0, 2, 1) END "</algo>", 3, "expected send to be a whole number");
    refused(ALGO GPU(0) TB(0, 1, 1) "<step s=\"0\"><x/></step>" END "</algo>", 4, "type");
    refused(ALGO GPU(0) TB(0, 1, 1) "<step s=\"0\" type=\"nop\" cnt=\"0\" depid=\"-1\" "
                                    "deps=\"-1\"><x/></step>" END "</algo>",
            4, "a step has nothing inside, found <x>");
    refused("<algo ngpus=\"1\"><gpu id=\"0\" i_chunks=\"0\" o_chunks=\"0\"/></algo>", 1,
            "expected nchunksperloop");
    refused(ALGO "<gpu id=\"0\"/><gpu id=\"1\"/><gpu id=\"2\"/></algo>", 2,
            "expected id to be a whole number from 0 to 1");
    refused_bytes(ALGO, (double)NAN, 0, "expected a buffer of 0 to 1e+18 bytes, found nan");
}

static void bad_steps_are_named(void **state)
{
    (void)state;
    refused(ALGO GPU(0) TB(0, 1, 1) STEP(0, x, 1, -1, -1), 4, "found \"x\"");
    refused(ALGO GPU(0) TB(0, 1, 1) STEP(0, s, 0, -1, -1), 4, "expected cnt to be 1 or more");
    refused(ALGO GPU(0) TB(0, 1, 1) STEP(0, s, -3, -1, -1), 4, "found \"-3\"");
    refused(ALGO GPU(0) TB(0, 1, 1) STEP(1, s, 1, -1, -1), 4, "expected s to be 0 next, found 1");
    refused(ALGO GPU(0) TB(0, -1, 1) STEP(0, s, 1, -1, -1), 4, "no peer to send to");
    refused(ALGO GPU(0) TB(0, 1, -1) STEP(0, rrs, 1, -1, -1), 4, "no peer to receive from");
    const char *const tail = END GPU(1) "</gpu></algo>";
    char text[1024];
    (void)snprintf(text, sizeof text, "%s%s", ALGO GPU(0) TB(0, 1, 1) STEP(0, nop, 0, 7, 0), tail);
    refused(text, 4, "threadblock 7 (depid), which gpu 0 does not have");
    (void)snprintf(text, sizeof text, "%s%s", ALGO GPU(0) TB(0, 1, 1) STEP(0, nop, 0, 0, 1), tail);
    refused(text, 4, "expected deps to be a step of threadblock 0, which has 1");
    (void)snprintf(text, sizeof text, "%s%s", ALGO GPU(0) TB(0, 1, 1) STEP(0, nop, 0, 0, -1), tail);
    refused(text, 4, "expected deps");
}

static void ends_that_do_not_meet_are_named(void **state)
{
    (void)state;
    refused(ALGO GPU(0) TB(0, 1, -1) STEP(0, s, 1, -1, -1) END GPU(1) "</gpu></algo>", 3,
            "sends that nobody receives, from gpu 0 to gpu 1 on channel 0");
    refused(ALGO GPU(0) TB(0, -1, 1) STEP(0, r, 1, -1, -1) END GPU(1) "</gpu></algo>", 3,
            "receives that nobody sends, from gpu 1 to gpu 0 on channel 0");
    refused(ALGO GPU(0) TB(0, 1, -1) STEP(0, s, 1, -1, -1) STEP(1, s, 1, -1, -1) END GPU(1)
                TB(0, -1, 0) STEP(0, r, 1, -1, -1) END "</algo>",
            5, "a send without its receive: gpu 0 has 2, threadblock 0 of gpu 1 only 1");
    refused(ALGO GPU(0) TB(0, 1, -1) STEP(0, s, 1, -1, -1) END GPU(1) TB(0, -1, 0)
                STEP(0, r, 1, -1, -1) STEP(1, r, 1, -1, -1) END "</algo>",
            9, "a receive without its send: gpu 1 has 2, threadblock 0 of gpu 0 only 1");
    refused(ALGO GPU(0) TB(0, 1, -1) STEP(0, s, 2, -1, -1) END GPU(1) TB(0, -1, 0)
                STEP(0, r, 1, -1, -1) END "</algo>",
            8, "receives 1 chunks, but gpu 0 sends 2 (line 4)");
    refused(ALGO GPU(0) TB(0, 1, -1) STEP(0, s, 1, -1, -1) "</tb>\n" TB(1, 1, -1)
                STEP(0, s, 1, -1, -1) END GPU(1) TB(0, -1, 0) STEP(0, r, 1, -1, -1) END "</algo>",
            6, "two threadblocks send from gpu 0 to gpu 1 on channel 0");
}

static void deadlocks_are_told(void **state)
{
    (void)state;
    /* both wait for the other before they send */
    refused(ALGO GPU(0) TB(0, 1, 1) STEP(0, r, 1, -1, -1) STEP(1, s, 1, -1, -1) END GPU(1)
                TB(0, 0, 0) STEP(0, r, 1, -1, -1) STEP(1, s, 1, -1, -1) END "</algo>",
            4,
            "deadlock: gpu 0 (threadblock 0, step 0) waits for gpu 1 (threadblock 0, step 1), "
            "which waits for gpu 1 (threadblock 0, step 0), which waits for gpu 0 (threadblock 0, "
            "step 1), which waits for gpu 0 (threadblock 0, step 0)");
    refused(ALGO GPU(0) TB(0, -1, -1) STEP(0, nop, 0, 0, 0) END GPU(1) "</gpu></algo>", 4,
            "step 0) waits for gpu 0 (threadblock 0, step 0)");
}

/* A circle over many gpus is cut short, and fits. */
static void long_deadlocks_fit(void **state)
{
    (void)state;
    enum { N = 1000 };
    page p = new_page();
    mu_arena *arena = mu_arena_create(0);
    mu_schedule schedule;
    mu_error err = {0};
    begin_algo(&p, N, N);
    for (uint32_t r = 0; r < N; r++) {
        begin_gpu(&p, r);
        put(&p, "<tb id=\"0\" send=\"%u\" recv=\"%u\" chan=\"0\">\n", (r + 1) % N, (r + N - 1) % N);
        put_step(&p, 0, "rcs", 1, -1, -1);
        put(&p, "</tb></gpu>\n");
    }
    put(&p, "</algo>\n");
    assert_int_equal(mu_schedule_read_text(arena, p.text, p.used, "f", 1.0, &schedule, &err),
                     MU_E_INPUT);
    assert_non_null(strstr(err.text, "994 more steps, the last of which waits for gpu 0"));
    mu_arena_free(arena);
    free(p.text);
}

static void plain_lists_by_hand(void **state)
{
    (void)state;
    const char *const text = "{\"name\": \"pass on\", \"collective\": \"broadcast\", \"ranks\": 3, "
                             "\"chunks\": 4,\n \"moves\": [\n"
                             "{\"from\": 0, \"to\": 1, \"chunks\": 3},\n"
                             "{\"from\": 1, \"to\": 2, \"bytes\": 7, \"after\": [0, 2]},\n"
                             "{\"from\": 2, \"to\": 1, \"chunks\": 1}]}";
    mu_arena *arena = mu_arena_create(0);
    mu_schedule s = read_text(arena, text, "plain.json", 400.0);
    const mu_move_list *l = &s.moves.list;
    assert_string_equal(s.name, "pass on");
    assert_true(s.has_what && s.what == MU_BROADCAST);
    assert_int_equal(l->ranks, 3);
    assert_int_equal(l->count, 3);
    assert_true(l->move[0].bytes == 300.0 && l->move[1].bytes == 7.0 && l->move[2].bytes == 100.0);
    assert_int_equal(l->move[1].need_count, 2);
    assert_int_equal(l->needs[l->move[1].need_first + 1], 2);
    mu_arena_free(arena);
}

#define LIST(rest) "{\"ranks\": 2, \"moves\": [\n" rest "]}"

static void bad_lists_are_named(void **state)
{
    (void)state;
    refused("[]", 1, "expected a map with ranks and moves");
    refused("", 0, "empty");
    refused("{}", 1, "expected a key ranks");
    refused("{\"gpus\": []}", 1, "MSCCL++");
    refused("{\"ranks\": 2}", 1, "expected a list of moves");
    refused("{\"rank\": 2}", 1, "ranks");
    refused("{\"ranks\": 0, \"moves\": []}", 1, "ranks");
    refused("{\"ranks\": 2, \"collective\": \"al-reduce\", \"moves\": []}", 1, "all-reduce?");
    refused(LIST("3"), 2, "move: expected a map");
    refused(LIST("{\"from\": 0, \"to\": 2, \"chunks\": 1}"), 2, "to");
    refused(LIST("{\"from\": 1, \"to\": 1, \"chunks\": 1}"), 2, "rank 1 sends to itself");
    refused(LIST("{\"from\": 0, \"to\": 1}"), 2, "either chunks or bytes, found neither");
    refused(LIST("{\"from\": 0, \"to\": 1, \"chunks\": 1, \"bytes\": 1}"), 2, "found both");
    refused(LIST("{\"from\": 0, \"to\": 1, \"bytes\": -1}"), 2, "bytes");
    refused(LIST("{\"from\": 0, \"to\": 1, \"chunks\": 0}"), 2, "chunks");
    refused(LIST("{\"from\": 0, \"to\": 1, \"chunks\": 1, \"after\": 3}"), 2, "after");
    refused(LIST("{\"from\": 0, \"to\": 1, \"chunks\": 1, \"after\": [1]}"), 2, "after");
    refused(LIST("{\"from\": 0, \"to\": 1, \"chunks\": 1, \"afer\": []}"), 2, "after");
    refused(LIST("{\"from\": 0, \"to\": 1, \"chunks\": 1},\n"
                 "{\"from\": 0, \"to\": 1, \"chunks\": 1, \"after\": [2]},\n"
                 "{\"from\": 1, \"to\": 0, \"chunks\": 1, \"after\": [1]}"),
            3, "rank 0 sends to 1 (move 1) only after move 2 (rank 1 to 0)");
}

/* What stands between two marks of the page, from its next line on. */
static char *block_of(char *text, const char *mark)
{
    char *begin = strstr(text, mark);
    assert_non_null(begin);
    begin += strlen(mark);
    char *end = strstr(begin, "```");
    assert_non_null(end);
    char *copy = calloc(1, (size_t)(end - begin) + 1);
    assert_non_null(copy);
    memcpy(copy, begin, (size_t)(end - begin));
    return copy;
}

/* The two examples of the documentation are one and the same schedule. */
static void documented_examples_agree(void **state)
{
    (void)state;
    const char *root = getenv("MUSTER_SOURCE");
    char path[1024];
    char *text = NULL;
    size_t length = 0;
    mu_error err = {0};
    mu_arena *arena = mu_arena_create(0);
    (void)snprintf(path, sizeof path, "%s/docs/schedules.md", root != NULL ? root : ".");
    assert_int_equal(mu_file_read(path, TEXT_MAX, &text, &length, &err), MU_OK);
    char *xml = block_of(text, "```xml\n");
    char *json = block_of(text, "```json\n");
    mu_schedule a = read_text(arena, xml, "a.xml", 1000.0);
    mu_schedule b = read_text(arena, json, "b.json", 1000.0);
    assert_string_equal(a.name, b.name);
    assert_true(a.has_what && b.has_what && a.what == b.what);
    assert_int_equal(a.moves.list.count, 4);
    assert_int_equal(b.moves.list.count, 4);
    assert_int_equal(longest_chain(&a.moves.list), 2);
    assert_int_equal(longest_chain(&b.moves.list), 2);
    for (uint32_t r = 0; r < 2; r++) {
        assert_true(sent_by(&a.moves.list, r) == 1000.0 && sent_by(&b.moves.list, r) == 1000.0);
    }
    mu_arena_free(arena);
    free(xml);
    free(json);
    free(text);
}

static void empty_schedules_move_nothing(void **state)
{
    (void)state;
    const char *const texts[] = {"{\"ranks\": 1, \"moves\": []}",
                                 "<algo ngpus=\"1\" nchunksperloop=\"1\"><gpu id=\"0\"/></algo>"};
    for (size_t i = 0; i < 2; i++) {
        mu_arena *arena = mu_arena_create(0);
        mu_schedule s = read_text(arena, texts[i], "f.json", 0.0);
        assert_int_equal(s.moves.list.count, 0);
        assert_int_equal(s.ranks, 1);
        mu_arena_free(arena);
    }
}

static void files_are_told_apart(void **state)
{
    (void)state;
    const char *const path = "test_moves_read.tmp";
    mu_arena *arena = mu_arena_create(0);
    mu_schedule s;
    mu_error err = {0};
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    (void)fputs("\xEF\xBB\xBF \n<algo ngpus=\"1\" nchunksperloop=\"1\"><gpu id=\"0\"/></algo>",
                out);
    (void)fclose(out);
    /* blanks before the declaration are fine where there is none */
    assert_int_equal(mu_schedule_read(arena, path, 1.0, &s, &err), MU_OK);
    (void)remove(path);
    assert_int_equal(mu_schedule_read(arena, path, 1.0, &s, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "cannot be opened"));
    mu_arena_free(arena);
}

/* Every beginning of a schedule is refused or read, and leaves nothing behind. */
static void cut_files_are_refused(void **state)
{
    (void)state;
    page p = new_page();
    put_ring(&p, 2);
    for (size_t length = 0; length + 1 < p.used; length++) {
        mu_arena *arena = mu_arena_create(0);
        mu_schedule s;
        mu_error err = {0};
        mu_status status = mu_schedule_read_text(arena, p.text, length, "f", 1.0, &s, &err);
        assert_int_equal(status, MU_E_INPUT);
        assert_true(err.text[0] != '\0');
        mu_arena_free(arena);
    }
    free(p.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rings_are_rings),
        cmocka_unit_test(waits_cross_threadblocks),
        cmocka_unit_test(needs_by_hand),
        cmocka_unit_test(chunks_of_buffers_count),
        cmocka_unit_test(bad_structure_is_named),
        cmocka_unit_test(bad_steps_are_named),
        cmocka_unit_test(ends_that_do_not_meet_are_named),
        cmocka_unit_test(deadlocks_are_told),
        cmocka_unit_test(long_deadlocks_fit),
        cmocka_unit_test(plain_lists_by_hand),
        cmocka_unit_test(bad_lists_are_named),
        cmocka_unit_test(documented_examples_agree),
        cmocka_unit_test(empty_schedules_move_nothing),
        cmocka_unit_test(files_are_told_apart),
        cmocka_unit_test(cut_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
