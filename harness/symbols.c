// SPDX-License-Identifier: MIT
/* Names of addresses, from the symbol table of the harness's own file: static functions and locks of the tree too. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

static char *file;
static const Elf64_Sym *symbols;
static const char *names;
static size_t count;

static void unreadable(const char *self)
{
	fprintf(stderr, "harness: cannot read its own symbols from %s\n", self);
	exit(2);
}

void harness_load_symbols(const char *self)
{
	FILE *in = fopen(self, "rb");
	const Elf64_Ehdr *header;
	const Elf64_Shdr *sections;
	long size;
	int i;

	if (!in || fseek(in, 0, SEEK_END) || (size = ftell(in)) < (long)sizeof(*header))
		unreadable(self);
	rewind(in);
	file = malloc(size);
	if (!file || fread(file, 1, size, in) != (size_t)size)
		unreadable(self);
	fclose(in);
	header = (const Elf64_Ehdr *)file;
	sections = (const Elf64_Shdr *)(file + header->e_shoff);
	for (i = 0; i < header->e_shnum; i++) {
		if (sections[i].sh_type != SHT_SYMTAB)
			continue;
		symbols = (const Elf64_Sym *)(file + sections[i].sh_offset);
		count = sections[i].sh_size / sizeof(*symbols);
		names = file + sections[sections[i].sh_link].sh_offset;
	}
	if (!symbols)
		unreadable(self);
}

/* The names that were given out, so that a name keeps its address. */
static const char *shortened(const char *name)
{
	static char *kept[256];
	size_t length = strcspn(name, "."); /* what the compiler added: .isra.0 */
	int i;

	if (!name[length])
		return name;
	for (i = 0; i < 256 && kept[i]; i++)
		if (!strncmp(kept[i], name, length) && !kept[i][length])
			return kept[i];
	if (i == 256)
		return name;
	kept[i] = strndup(name, length);
	return kept[i];
}

const char *harness_symbol_of(const void *address)
{
	const Elf64_Sym *best = NULL;
	size_t i;

	for (i = 0; i < count; i++) {
		const Elf64_Sym *s = &symbols[i];
		int type = ELF64_ST_TYPE(s->st_info);

		if (type != STT_FUNC && type != STT_OBJECT)
			continue;
		if ((unsigned long)address - s->st_value < (s->st_size ? s->st_size : 1))
			best = s;
	}
	return best ? shortened(names + best->st_name) : "?";
}
