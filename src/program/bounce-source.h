#ifndef BOUNCE_SOURCE_H
#define BOUNCE_SOURCE_H

struct istream;

/* Who takes the mails of a path. */
struct bounce_source {
	/* One mail; input is seekable, at its start, and is ours. number
	   counts from 1 within an mbox file, 0 = the file is one mail. sender:
	   of the From_ line; NULL where there is none. */
	void (*mail)(const char *path, unsigned int number, const char *sender,
		     struct istream *input, void *context);
	/* A path, or a file below it, could not be read. */
	void (*failed)(const char *path, const char *error, void *context);
	void *context;
};

/* Read every mail of path: a file (one mail, or an mbox), a folder (a Maildir,
   or one with a mail or an mbox in each file, in the order of the names, names
   that begin with a dot and what is no file left out), or "-", standard
   input. */
void bounce_source_read(const struct bounce_source *source, const char *path);

#endif
