#ifndef BOUNCE_METADATA_H
#define BOUNCE_METADATA_H

/* IMAP METADATA (RFC 5464), for reading only: the server entry
   /private/vendor/vendor.dovecot-bounce/address/NAME holds the record of an
   address as JSON. NAME is the address in its normal form; what IMAP does not
   take in an entry's name (not a-z, 0-9 or one of ! # $ & ' + - . ? @ ^ _ ` { |
   } ~) is written =XX, two lower-case hexadecimal digits for each byte of
   UTF-8: a/b@example.com is a=2fb@example.com. */

/* get() and iter() alone: the plugin registers it. */
extern const struct mailbox_attribute_internal bounce_metadata_address;

#endif
