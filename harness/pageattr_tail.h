/* SPDX-License-Identifier: MIT */
/* At the end of arch/arm64/mm/pageattr.c: the tree's own callbacks, which are static, and their masks. */

const void *harness_own_walk_ops(void)
{
#ifdef TREE_HAS_PAGEATTR_OPS
	return &pageattr_ops;
#else
	return NULL;
#endif
}

const void *harness_own_apply_fn(void)
{
#ifdef TREE_HAS_CHANGE_PAGE_RANGE
	return change_page_range;
#else
	return NULL;
#endif
}

void *harness_own_data(unsigned long set, unsigned long clear)
{
	static struct page_change_data data[HARNESS_CPUS];
	struct page_change_data *d = &data[harness_cpu];

	memset(d, 0, sizeof(*d));
	d->set_mask = __pgprot(set);
	d->clear_mask = __pgprot(clear);
	return d;
}
