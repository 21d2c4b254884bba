/* SPDX-License-Identifier: Apache-2.0
 * The walk of pagewalk, merged and hotplug: callbacks per level over the one linear range, then one flush.
 */
#ifndef BARE_WALK_SPLIT_H
#define BARE_WALK_SPLIT_H

void walk_and_split(void);

#endif
