/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What congestion control costs on a link that more data wants to cross than fits.
 *
 * What:  the share of a link's rate that data gets, relative to the same link uncongested: headers
 *        and software are in the efficiencies of the tiers (tier_params.def), which were measured
 *        where nothing is oversubscribed, so that nothing counts twice.
 * Why:   end-to-end control (ECN and its like, over PFC or credits) keeps queues short by leaving
 *        a part of the link idle: it aims below the full rate, and cuts deeper than it has to.
 * Terms: load = what senders would put on a link if it were not in their way, over its rate. An
 *        incast of n senders at full rate loads the receiver's link n times; an all-to-all among
 *        them loads it once, though as many share it.
 * Bound: flows that last: the burst of the first round trip is not here, nor what pauses do to
 *        flows that do not cross the full link (head-of-line blocking). Control aims at the same
 *        share of the rate however many send, so load beyond 2 changes nothing.
 *        Hashed paths that collide are no term: routes put them on one link. Scale-up networks
 *        with credits hop by hop and one switch between chips (NVLink, UB) have none of it.
 * Source: data/calibration/congestion.yaml.
 */
#ifndef MUSTER_FABRIC_CONGESTION_H
#define MUSTER_FABRIC_CONGESTION_H

#include "base/draw.h"
#include "catalog/catalog.h"

typedef struct mu_congestion {
    double idle_share; /* of an oversubscribed link, 0 .. 1 */
} mu_congestion;

/**
 * Share of its uncongested rate that a link carries: 1 up to load 1, 1 - idle_share from load 2 on,
 * a line between. NULL: always 1. Pure.
 *
 * @param[in] load  >= 0; infinity is fine
 */
double mu_congestion_share(const mu_congestion *congestion, double load);

/**
 * Takes the loss off capacity[0..links). Links of no bandwidth stay as they are. O(links).
 *
 * @param[in]     demand     [links] sum over messages under way at once of the rate at which each
 *                           would be sent (its sender's bandwidth over the messages it sends at
 *                           once) times the share of it that crosses the link [B/s]
 * @param[in]     bandwidth  [links] [B/s]
 * @param[in,out] capacity   [links]
 */
void mu_congestion_apply(const mu_congestion *congestion, uint32_t links, const double *demand,
                         const double *bandwidth, double *capacity);

/**
 * Parameters in one draw, from calibration "congestion".
 *
 * @retval MU_E_INPUT  it is missing, has a parameter that is none, or a share outside 0 .. 0.9
 */
mu_status mu_congestion_from_catalog(const mu_catalog *catalog, mu_draw draw, mu_congestion *out,
                                     mu_error *err) MU_MUST_CHECK;

#endif
