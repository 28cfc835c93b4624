/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the cut of a measured deployment is read where no engine runs what its label says.
 *
 * Why:   published tables give ranks by labels that are not always tensor parallelism. Latent
 *        attention keeps its whole cache on every tensor-parallel rank, so that engines cut it by
 *        data beyond eight ranks; and a tool that multiplied expert and tensor degree labels eight
 *        ranks as 64. Other rows name one rank where there were tens.
 *        A batch that the requests in flight fill several times over is that of one of several
 *        groups: engines that hold all in flight measure no queue.
 * Terms: latent = the model has MLA or compressed attention; scale-up = the tier inside a
 *        supernode.
 * Bound: only cases are read so, never a scenario of a user; chosen on cases marked fit. Each says
 *        it was.
 */
#include "study/validate_parts.h"

#include <math.h>

/* Ranks over which engines cut latent attention by tensors. */
static const double latent_tensor_ranks = 8.0;

static bool is_latent(const mu_model *model)
{
    for (uint32_t g = 0; g < model->group_count; g++) {
        mu_attention_kind kind = model->group[g].attention.kind;
        if (kind == MU_ATTENTION_MLA || kind == MU_ATTENTION_MLA_SPARSE ||
            kind == MU_ATTENTION_COMPRESSED) {
            return true;
        }
    }
    return false;
}

static bool divides_heads(const mu_model *model, double tp)
{
    for (uint32_t g = 0; g < model->group_count; g++) {
        const mu_attention *a = &model->group[g].attention;
        if (a->kind != MU_ATTENTION_LINEAR && fmod(a->heads, tp) != 0.0) {
            return false;
        }
    }
    return true;
}

/* Ranks of the innermost tier that is wider than a chip. */
static double scale_up_ranks(const mu_machine *machine)
{
    const mu_fabric *fabric = &machine->fabric;
    for (uint32_t i = 0; i < fabric->tier_count; i++) {
        if (fabric->tier[i].span > machine->ranks_per_chip) {
            return fabric->tier[i].span;
        }
    }
    return 1.0;
}

/* Attention by data over the ranks of a tensor-parallel group, experts over all of them. */
static void cut_by_data(mu_role_wish *wish)
{
    double groups = wish->dp >= 1.0 ? wish->dp : 1.0;
    wish->batch = wish->batch > 0.0 ? ceil(wish->batch / wish->tp) : 0.0;
    wish->dp = groups * wish->tp;
    wish->tp = 0.0;
    wish->ep = wish->dp * (wish->cp >= 1.0 ? wish->cp : 1.0);
    wish->moe_tp = 0.0;
}

const char *mu_case_reread_batch(const mu_question *question, mu_role_wish *wish)
{
    double groups = fmax(wish->dp, 1.0) * fmax(wish->instances, 1.0);
    if (!(wish->batch > 0.0)) {
        return NULL;
    }
    double times = question->workload.concurrency / (wish->batch * groups);
    if (!(times >= 2.0) || times != floor(times)) {
        return NULL;
    }
    if (times == wish->tp && mu_model_experts(&question->model) > 0) {
        wish->dp = groups * times;
        wish->tp = 0.0;
        return "a batch for each of its ranks: read as attention by data";
    }
    wish->instances = fmax(wish->instances, 1.0) * times;
    return "requests for several times its batch: read as so many instances";
}

const char *mu_case_spread_cut(const mu_question *question, bool one_of_two, mu_role_wish *wish)
{
    double ranks = floor(scale_up_ranks(&question->machine) * (one_of_two ? 0.5 : 1.0));
    double tensor = fmin(latent_tensor_ranks, fmax(ranks, 1.0));
    double groups = floor(fmax(ranks, 1.0) / tensor);
    wish->batch = wish->batch > 0.0 ? ceil(wish->batch / groups) : 0.0;
    wish->instances = 0.0;
    wish->tp = tensor;
    wish->pp = 0.0;
    wish->cp = 0.0;
    wish->dp = groups;
    wish->ep = 0.0;
    wish->moe_tp = 1.0;
    return "weights far beyond the memory of the ranks named: read as a share of the supernode";
}

const char *mu_case_reread_cut(const mu_question *question, mu_role_wish *wish)
{
    const mu_machine *machine = &question->machine;
    double scale_up = scale_up_ranks(machine);
    double tp = wish->tp;
    if (!is_latent(&question->model) || tp <= latent_tensor_ranks) {
        return NULL;
    }
    bool twice = wish->ep > 1.0 && wish->moe_tp > 1.0 && wish->ep * wish->moe_tp == tp &&
                 wish->ep <= scale_up && tp > 2.0 * scale_up;
    if (twice) {
        wish->tp = wish->ep;
        wish->moe_tp = 0.0;
        return "tensor parallelism over more than two servers: read as the expert ranks alone";
    }
    if (tp <= scale_up || !divides_heads(&question->model, tp)) {
        cut_by_data(wish);
        return "latent attention over more than eight tensor ranks: read as attention by data";
    }
    return NULL;
}
