/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain properties of an entity as text.
 */
#include "report/entity.h"

#include <stdio.h>
#include <string.h>

enum { PROPERTY_MAX = 256 };

static void append(char out[PROPERTY_MAX], const char *text)
{
    size_t used = strlen(out);
    (void)snprintf(out + used, PROPERTY_MAX - used, "%s%s", used > 0 ? ", " : "", text);
}

/* Items of a list: plain ones as they are, named maps by their name. */
static void append_item(char out[PROPERTY_MAX], const mu_node *item)
{
    const mu_node *name = mu_node_get(item, "name");
    if (item->text != NULL) {
        append(out, item->text);
    } else if (name != NULL && name->text != NULL) {
        append(out, name->text);
    }
}

bool mu_entity_property(const mu_catalog *catalog, const mu_entity *entity, const char *path,
                        char out[PROPERTY_MAX])
{
    const mu_node *node = mu_catalog_node(catalog, entity, path, NULL);
    out[0] = '\0';
    if (node == NULL) {
        return false;
    }
    if (node->text != NULL) {
        append(out, node->text);
        return true;
    }
    if (node->kind == MU_NODE_LIST) {
        for (uint32_t i = 0; i < node->count; i++) {
            append_item(out, &node->child[i]);
        }
        return out[0] != '\0';
    }
    const char *text = mu_catalog_text(catalog, entity, path);
    if (text != NULL) {
        append(out, text);
    }
    return text != NULL;
}
