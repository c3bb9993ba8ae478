/* A look at this process: all that a guest in it could have changed, as lines of text that are equal
 * when nothing has changed. Lines that begin with "memory" are numbers, to be compared by size. */
#ifndef LOOK_H
#define LOOK_H

struct look {
	char text[64 * 1024];
};

void look(struct look *into);

#endif
