"""LDAP: a bind, a search, and the few messages that they take."""
