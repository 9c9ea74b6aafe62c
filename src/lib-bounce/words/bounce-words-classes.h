/* Every class of words: CLASS(group, name). src/words/LANGUAGE.words holds the
   words, under "[name]". A group is looked up alone and has at most 64 classes;
   the names of a group stand together. No include guard: who includes this says
   what CLASS is. */

/* JUDGE: of what a server says of one recipient; rules combine them. */
CLASS(JUDGE, NOT)		/* not, no, never */
CLASS(JUDGE, WHO)		/* user, mailbox, recipient */
CLASS(JUDGE, EXIST)		/* exist, found, known, valid */
CLASS(JUDGE, UNKNOWN)		/* unknown, invalid, nonexistent */
CLASS(JUDGE, SENDER)		/* sender, your address, from */

/* NOTICE: of the notice itself. */
CLASS(NOTICE, DELAY)		/* it will be tried again */
CLASS(NOTICE, FINAL)		/* it will not */
