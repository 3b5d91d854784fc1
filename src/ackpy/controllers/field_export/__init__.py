"""FieldExport: a field of one of our objects, kept in a key of a ConfigMap or Secret.

`evaluate` reads the field (`path`, or `jq` for expressions that `jq_words` finds harmless), `export` says what is to be written where and
what speaks against it, `targets` writes, `reconciler` is one pass over one FieldExport, `controller` puts it to work.
"""
