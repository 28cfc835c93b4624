/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   parameters and KV-cache bytes are those of the real models.
 * Method: exact equality with the sizes of published checkpoints, element by element; the rest
 *         within half a per cent of figures computed elsewhere; cache sizes worked by hand.
 */
#include "model_helper.h"

#include <ctype.h>
#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static mu_model load(const char *id)
{
    mu_error err;
    mu_model model = {0};
    if (model_from_catalogue(id, &model, &err) != MU_OK) {
        fail_msg("%s:%u:%u: %s", err.file, err.line, err.column, err.text);
    }
    assert_int_equal(model.warning_count, 0);
    return model;
}

/* Elements of the language model in the published checkpoints (safetensors headers, or the sum over
 * the tensors of the modelling code), MTP layers and vision towers left out. */
static const struct {
    const char *id;
    double total;
} published[] = {
    {"llama-2-7b", 6738415616},
    {"llama-2-13b", 13015864320},
    {"llama-2-70b", 68976648192},
    {"codellama-34b", 33743970304},
    {"llama-3.1-8b", 8030261248},
    {"llama-3.1-70b", 70553706496},
    {"llama-3.1-405b", 405853388800},
    {"mistral-7b", 7241732096},
    {"mixtral-8x7b", 46702792704},
    {"mixtral-8x22b", 140620634112},
    {"qwen2.5-1.5b", 1543714304},
    {"qwen2.5-7b", 7615616512},
    {"qwen2.5-14b", 14770033664},
    {"qwen2.5-32b", 32763876352},
    {"qwen2.5-72b", 72706203648},
    {"qwen3-0.6b", 596049920}, /* tied: the table counted once */
    {"qwen3-1.7b", 1720574976},
    {"qwen3-8b", 8190735360},
    {"qwen3-14b", 14768307200},
    {"qwen3-32b", 32762123264},
    {"qwen3-30b-a3b", 30532122624},
    {"qwen3-235b-a22b", 235093634560},
    {"qwen3-coder-480b-a35b", 480154875392},
    {"qwen3-next-80b-a3b", 79674391296}, /* Qwen3-Coder-Next, whose checkpoint has no MTP layer */
    {"qwen3.5-27b", 26895998464},
    {"qwen3.5-35b-a3b", 34660610688},
    {"qwen3.5-122b-a10b", 122111526912},
    {"qwen3.5-397b-a17b", 396346350336},
    {"deepseek-v2-lite", 15706484224},
    {"deepseek-v3", 671026419200},
    {"deepseek-r1", 671026419200},
    {"deepseek-v3.1", 671026419200},
    {"kimi-k2", 1026408232448},
    {"gpt-oss-20b", 20914757184},
    {"gpt-oss-120b", 116829156672},
    {"glm-4.5-air", 106852251264}, /* INTELLECT-3, the same without MTP layer */
    {"minimax-m2.5", 228689764864},
    {"gpt-j-6b", 6050882784},
};

static void published_totals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        mu_model model = load(published[i].id);
        double total = mu_model_count(&model).total;
        if (total != published[i].total) {
            fail_msg("%s: %.0f parameters, published %.0f", published[i].id, total,
                     published[i].total);
        }
    }
}

/* Checkpoints with their MTP layers. Some hold the embedding and the head a second time for the MTP
 * layer (`tables`), DeepSeek-V4 three tables of six experts a token; Llama 4 a vision tower. */
static const struct {
    const char *id;
    double total;
    double tables;
    double beside;
} with_mtp[] = {
    {"deepseek-r1", 684489845504, 2, 0},
    {"deepseek-v3.2", 685355329792, 2, 0},
    {"deepseek-v4-flash", 290944616402, 0, 3.0 * 129280 * 6},
    {"deepseek-v4-pro", 1598839674782, 0, 3.0 * 129280 * 6},
    {"glm-4.5", 356785898816, 0, 0}, /* GLM-4.6 */
    {"glm-4.5", 358337791296, 2, 0},
    {"glm-4.5-air", 110468824832, 2, 0},
    {"glm-5", 753864139008, 0, 0},
    {"glm-5.1", 753864139008, 0, 0},
    {"glm-5.2", 753329940480, 0, 0},
    {"qwen3-next-80b-a3b", 81324862720, 0, 0},
    {"llama-4-scout", 108641793536, 0, 871932416},
    {"llama-4-maverick", 401583781376, 0, 871932416},
    {"falcon-180b", 179522565120, 1, 0}, /* counts the tied head again */
};

static void published_totals_with_mtp(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof with_mtp / sizeof with_mtp[0]; i++) {
        mu_model model = load(with_mtp[i].id);
        mu_model_params params = mu_model_count(&model);
        double total = params.total + params.mtp + with_mtp[i].beside +
                       with_mtp[i].tables * model.vocab * model.hidden;
        if (total != with_mtp[i].total) {
            fail_msg("%s: %.0f parameters, published %.0f", with_mtp[i].id, total,
                     with_mtp[i].total);
        }
    }
}

/* Narayanan et al. (SC21), equation 2: P = 12 l h^2 (1 + 13/(12 h) + (V + s)/(12 l h)); it leaves
 * the last norm out. */
static void megatron_formula(void **state)
{
    static const char *const ids[] = {"megatron-1.7b", "megatron-18b", "megatron-145b",
                                      "megatron-1t", "gpt-3-175b"};
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        mu_model model = load(ids[i]);
        double l = model.layers;
        double h = model.hidden;
        double formula = 12.0 * l * h * h + 13.0 * l * h + (model.vocab + 2048.0) * h;
        assert_true(mu_model_count(&model).total == formula + 2.0 * h);
    }
}

/* Column of a CSV line into out; quotes are kept, commas inside them do not count. */
static void csv_field(const char *line, int column, char *out, size_t size)
{
    bool quoted = false;
    size_t used = 0;
    for (; *line != '\0' && *line != '\n' && *line != '\r' && column >= 0; line++) {
        quoted = *line == '"' ? !quoted : quoted;
        if (*line == ',' && !quoted) {
            column--;
        } else if (column == 0 && used + 1 < size) {
            out[used++] = *line;
        }
    }
    out[used] = '\0';
}

static int csv_column(const char *header, const char *name)
{
    char field[64];
    for (int i = 0; i < 64; i++) {
        csv_field(header, i, field, sizeof field);
        if (strcmp(field, name) == 0) {
            return i;
        }
    }
    fail_msg("no column %s", name);
    return -1;
}

/* Half a per cent, and half of the last digit that the table shows. */
static void near_table(const char *id, const char *what, double ours, const char *billions)
{
    double theirs = strtod(billions, NULL);
    if (billions[0] != '\0' && fabs(ours / 1e9 - theirs) > 0.005 * theirs + 0.005) {
        fail_msg("%s: %s %.4g, the table has %s billion", id, what, ours, billions);
    }
}

static void check_row(const char *line, const int column[3])
{
    char id[96];
    char total[32];
    char active[32];
    csv_field(line, column[0], id, sizeof id);
    csv_field(line, column[1], total, sizeof total);
    csv_field(line, column[2], active, sizeof active);
    for (char *c = id; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    mu_model model = load(id);
    mu_model_params params = mu_model_count(&model);
    near_table(id, "total", params.total, total);
    /* The table counts every layer's indexer; GLM-5.2 shares most of them. */
    if (strcmp(id, "glm-5.2") != 0) {
        near_table(id, "active", params.active, active);
    }
}

static void table_of_configs(void **state)
{
    const char *tables = getenv("MUSTER_TABLES");
    char path[512];
    char line[4096];
    int rows = 0;
    (void)state;
    (void)snprintf(path, sizeof path, "%s/model_configs.csv",
                   tables != NULL ? tables : "../shared/data");
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        print_message("SKIPPED: no table of configs at %s (set MUSTER_TABLES)\n", path);
        skip();
    }
    assert_non_null(fgets(line, sizeof line, file));
    const int column[3] = {csv_column(line, "model"), csv_column(line, "computed_params_total_b"),
                           csv_column(line, "computed_params_active_b")};
    while (fgets(line, sizeof line, file) != NULL) {
        check_row(line, column);
        rows++;
    }
    (void)fclose(file);
    assert_true(rows >= 64);
}

static void active_parameters(void **state)
{
    (void)state;
    /* By hand: Mixtral 8x7B leaves 6 of 8 experts of 3 * 4096 * 14336 idle in each of 32 layers. */
    mu_model model = load("mixtral-8x7b");
    mu_model_params params = mu_model_count(&model);
    assert_true(params.active == params.total - 32.0 * 6.0 * 3.0 * 4096.0 * 14336.0);
    model = load("llama-3.1-8b");
    params = mu_model_count(&model);
    assert_true(params.active == params.total);
    assert_true(params.routed_experts == 0.0 && params.router == 0.0);
}

static void parts_add_up(void **state)
{
    static const char *const ids[] = {"deepseek-v3",  "glm-5.2",         "qwen3.5-397b-a17b",
                                      "gpt-oss-120b", "deepseek-v4-pro", "llama-4-maverick"};
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        mu_model model = load(ids[i]);
        mu_model_params params = mu_model_count(&model);
        double sum = params.attention + params.dense_ffn + params.shared_experts +
                     params.routed_experts + params.router + params.embedding + params.norm;
        double routed = 0.0;
        uint32_t layers = 0;
        for (uint32_t j = 0; j < model.group_count; j++) {
            const mu_layer_group *group = &model.group[j];
            routed += (double)group->layers * group->ffn.experts *
                      mu_ffn_expert_params(&model, &group->ffn);
            layers += group->layers;
        }
        assert_true(sum == params.total);
        assert_true(routed == params.routed_experts);
        assert_int_equal(layers, model.layers);
    }
}

/* Bytes a token, at a length where windows are full where there are any. */
static void cache_by_hand(void **state)
{
    mu_model model = load("llama-3.1-70b");
    (void)state;
    /* 80 layers * 8 heads * (128 + 128) * 2 bytes */
    assert_true(mu_model_kv_bytes(&model, 1.0, MU_DTYPE_BF16) == 327680.0);
    assert_true(mu_model_kv_bytes(&model, 1000.0, MU_DTYPE_FP8) == 163840.0 * 1000.0);
    model = load("deepseek-v3");
    /* 61 * (512 + 64) * 2 */
    assert_true(mu_model_kv_bytes(&model, 1.0, MU_DTYPE_BF16) == 70272.0);
    model = load("deepseek-v3.2");
    /* and 128 FP8 index keys with a scale of 4 bytes a layer */
    assert_true(mu_model_kv_bytes(&model, 1.0, MU_DTYPE_BF16) == 70272.0 + 61.0 * 132.0);
    model = load("glm-5.2");
    /* 78 * 576 * 2, and index keys on layers 0, 1, 2, 6, 10, ..., 74 alone */
    assert_true(mu_model_kv_bytes(&model, 1.0, MU_DTYPE_BF16) == 78.0 * 1152.0 + 21.0 * 132.0);
}

static void cache_of_windows(void **state)
{
    mu_model model = load("gpt-oss-120b");
    (void)state;
    /* 18 layers keep all, 18 keep 128 tokens: 8 * (64 + 64) * 2 = 2048 bytes a token and layer */
    assert_true(mu_model_kv_bytes(&model, 100.0, MU_DTYPE_BF16) == 36.0 * 100.0 * 2048.0);
    assert_true(mu_model_kv_bytes(&model, 10000.0, MU_DTYPE_BF16) ==
                18.0 * 2048.0 * (10000.0 + 128.0));
    model = load("llama-4-scout");
    /* every fourth layer sees everything, the rest chunks of 8192; 8 * 256 * 2 = 4096 */
    assert_true(mu_model_kv_bytes(&model, 20000.0, MU_DTYPE_BF16) ==
                4096.0 * (12.0 * 20000.0 + 36.0 * 8192.0));
}

static void cache_of_states(void **state)
{
    mu_model model = load("qwen3-next-80b-a3b");
    (void)state;
    /* 36 states of 32 heads of 128 x 128 in FP32 and 3 inputs of 2 * 2048 + 4096 channels in 16
     * bits, whatever the length; 12 layers of 2 * (256 + 256) * 2 bytes a token */
    double fixed = 36.0 * (32.0 * 128.0 * 128.0 * 4.0 + 3.0 * 8192.0 * 2.0);
    assert_true(mu_model_kv_bytes(&model, 0.0, MU_DTYPE_BF16) == fixed);
    assert_true(mu_model_kv_bytes(&model, 1000.0, MU_DTYPE_BF16) == fixed + 12.0 * 2048.0 * 1000.0);
}

static void cache_of_compressed(void **state)
{
    mu_model model = load("deepseek-v4-pro");
    (void)state;
    /* Published: 9.62 GiB a sequence of 1,048,576 tokens in BF16. */
    double gib = mu_model_kv_bytes(&model, 1048576.0, MU_DTYPE_BF16) / 0x1p30;
    assert_true(fabs(gib - 9.62) < 0.006);
    /* 30 layers fold by 4 with index keys of 128, 31 by 128; all keep 128 plain entries of 512. */
    double elements =
        30.0 * 262144.0 * (512.0 + 128.0) + 31.0 * 8192.0 * 512.0 + 61.0 * 128.0 * 512.0;
    assert_true(mu_model_kv_bytes(&model, 1048576.0, MU_DTYPE_BF16) == 2.0 * elements);
}

static void cache_grows(void **state)
{
    static const char *const ids[] = {"llama-3.1-8b", "deepseek-v3.2",     "gpt-oss-20b",
                                      "qwen3.5-27b",  "deepseek-v4-flash", "llama-4-maverick"};
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        mu_model model = load(ids[i]);
        double last = -1.0;
        for (uint32_t count = 1; count < 1000000; count *= 3) {
            double tokens = count;
            double bytes = mu_model_kv_bytes(&model, tokens, MU_DTYPE_BF16);
            assert_true(bytes > last);
            assert_true(mu_model_kv_bytes(&model, tokens, MU_DTYPE_FP8) <= bytes);
            last = bytes;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_totals),  cmocka_unit_test(published_totals_with_mtp),
        cmocka_unit_test(megatron_formula),  cmocka_unit_test(table_of_configs),
        cmocka_unit_test(active_parameters), cmocka_unit_test(parts_add_up),
        cmocka_unit_test(cache_by_hand),     cmocka_unit_test(cache_of_windows),
        cmocka_unit_test(cache_of_states),   cmocka_unit_test(cache_of_compressed),
        cmocka_unit_test(cache_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
