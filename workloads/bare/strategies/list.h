/* SPDX-License-Identifier: Apache-2.0 */
STRATEGY(rfc_range)
STRATEGY(pagewalk)
STRATEGY(page_from_boot)
STRATEGY(bbm_strict)
