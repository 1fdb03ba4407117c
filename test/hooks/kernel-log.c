/* SPDX-License-Identifier: MIT */
/* The header as a kernel compiles it: __KERNEL__, its headers (stood in for), printk() as the sink. */
#define PT_PRINTK
#include "pagetrail.h"

static struct pt pt;

int main(void)
{
	pt_init(&pt, pt_to_printk, NULL);
	pt_header(&pt, "kunit", 12, 48, 4, "[\"desc_write\",\"op_begin\",\"op_end\"]");
	pt_op_begin(&pt, "unmap", 0xffff8000c0000000ULL, 0xffff8000c0001000ULL, NULL);
	pt_desc_write(&pt, PT_PTE, 0xffff8000c0000000ULL, 0xe8000500040703ULL, 0);
	pt_op_end(&pt, "unmap", 0);
	pt_end(&pt);
	return 0;
}
