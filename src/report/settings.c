/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of a deployment as rows of text.
 */
#include "report/settings.h"

#include "report/metric.h"

#include <assert.h>
#include <stdio.h>

/* Rows being filled. */
typedef struct filler {
    mu_setting *rows;
    uint32_t count;
} filler;

static char *next(filler *f, const char *label)
{
    assert(f->count < MU_SETTINGS_MAX);
    mu_setting *row = &f->rows[f->count++];
    row->label = label;
    row->text[0] = '\0';
    return row->text;
}

static void none(char out[MU_CELL_MAX])
{
    (void)snprintf(out, MU_CELL_MAX, "-");
}

static void drafts(const mu_role *role, char out[MU_CELL_MAX])
{
    if (role->parallel.mtp == 0) {
        (void)snprintf(out, MU_CELL_MAX, "none");
        return;
    }
    (void)snprintf(out, MU_CELL_MAX, "%u (%.2f tokens a step)", role->parallel.mtp,
                   mu_role_yield(role));
}

static void prefill_rows(filler *f, const mu_prediction *p)
{
    const mu_role *role = &p->deployment.prefill;
    char *chips = next(f, "prefill chips");
    char *cut = next(f, "prefill instances");
    char *tokens = next(f, "prefill batch tokens");
    if (!p->deployment.disaggregated) {
        none(chips);
        none(cut);
        mu_format_count(p->deployment.decode.batch_tokens, tokens);
        return;
    }
    mu_format_count(p->point.prefill.chips, chips);
    mu_format_cut(role, cut);
    mu_format_count(p->point.prefill.batch, tokens);
}

static void decode_rows(filler *f, const mu_prediction *p)
{
    const mu_role *role = &p->deployment.decode;
    mu_format_count(p->point.decode.chips, next(f, "decode chips"));
    mu_format_cut(role, next(f, "decode instances"));
    mu_format_count(p->point.decode.batch, next(f, "batch per DP group"));
    mu_format_count(role->parallel.microbatches, next(f, "micro-batches"));
    drafts(role, next(f, "draft tokens (MTP)"));
}

uint32_t mu_settings(const mu_prediction *p, mu_setting out[MU_SETTINGS_MAX])
{
    filler f = {out, 0};
    mu_format_count(p->point.chips, next(&f, "chips"));
    (void)snprintf(next(&f, "mode"), MU_CELL_MAX, "%s",
                   p->deployment.disaggregated ? "disaggregated" : "aggregated");
    prefill_rows(&f, p);
    decode_rows(&f, p);
    mu_format_count(p->point.concurrency, next(&f, "requests in flight"));
    mu_format_precision(&p->precision, next(&f, "precision"));
    mu_format_value(p->headroom_bytes, MU_DIM_BYTES, next(&f, "memory headroom a rank"));
    (void)snprintf(next(&f, "bound by"), MU_CELL_MAX, "%s", mu_bound_words(p->point.bound));
    return f.count;
}

/* Appends "; TPOT <= 50.0 ms" for a limit that is asked for. */
static size_t add_limit(char out[MU_CELL_MAX], size_t used, const char *name, double limit_s)
{
    char text[MU_CELL_MAX];
    if (!(limit_s > 0.0) || used >= MU_CELL_MAX) {
        return used;
    }
    mu_format_value(limit_s, MU_DIM_TIME, text);
    int length = snprintf(out + used, MU_CELL_MAX - used, "; %s <= %.32s", name, text);
    return used + (length > 0 ? (size_t)length : 0);
}

void mu_workload_words(const mu_scenario *scenario, char out[MU_CELL_MAX])
{
    char input[MU_CELL_MAX];
    char output[MU_CELL_MAX];
    mu_format_count(scenario->input, input);
    mu_format_count(scenario->output, output);
    int length = snprintf(out, MU_CELL_MAX, "input %.32s, output %.32s tokens", input, output);
    size_t used = length > 0 ? (size_t)length : 0;
    used = add_limit(out, used, "TTFT", scenario->ttft_s);
    used = add_limit(out, used, "TPOT", scenario->tpot_s);
    used = add_limit(out, used, "end to end", scenario->e2e_s);
    if (scenario->samples > 0.0 && used < MU_CELL_MAX) {
        (void)snprintf(out + used, MU_CELL_MAX - used, "; [90 %% interval]");
    }
}
