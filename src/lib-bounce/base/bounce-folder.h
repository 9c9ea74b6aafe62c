#ifndef BOUNCE_FOLDER_H
#define BOUNCE_FOLDER_H

/* The names of the files of a folder that end in ext (".rules"), hidden ones
   aside, in their order; on the data stack, put into names, which must be
   initialised. Returns 0, or -1 with errno: then names holds nothing more. */
int bounce_folder_list(const char *dir, const char *ext,
		       ARRAY_TYPE(const_string) *names);

#endif
