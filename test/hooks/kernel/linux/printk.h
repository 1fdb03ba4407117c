#include <stdio.h>
#define KERN_INFO "<6>"
#define printk printf
