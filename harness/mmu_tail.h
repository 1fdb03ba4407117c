/* SPDX-License-Identifier: MIT */
/* At the end of arch/arm64/mm/mmu.c: what is static there. TREE_LINEAR_MAP_RULE is the tree's own assignment, as found. */

void harness_mmu_reset(void)
{
#ifdef TREE_HAS_RODATA_IS_RW
	rodata_is_rw = harness_features[FEATURE_RODATA_IS_RW];
#endif
#ifdef TREE_LINEAR_MAP_RULE
	/* Decided when the linear map is built: capabilities are not final then, and only the boot CPU's are known. */
	unsigned long finalized = harness_features[FEATURE_CAPS_FINALIZED];

	harness_features[FEATURE_CAPS_FINALIZED] = 0;
	TREE_LINEAR_MAP_RULE
	harness_features[FEATURE_CAPS_FINALIZED] = finalized;
#endif
}

int harness_mmu_split(unsigned long start, unsigned long end, int *supported)
{
#ifdef TREE_HAS_SPLIT_KERNEL_LEAF_MAPPING
	*supported = 1;
	return start == end && !start ? 0 : split_kernel_leaf_mapping(start, end);
#else
	*supported = 0;
	return 0;
#endif
}

int harness_mmu_range_split(unsigned long start, unsigned long end, int *supported)
{
#ifdef TREE_HAS_RANGE_SPLIT_TO_PTES
	*supported = 1;
	return start == end && !start ? 0 : TREE_RANGE_SPLIT_TO_PTES;
#else
	*supported = 0;
	return 0;
#endif
}
