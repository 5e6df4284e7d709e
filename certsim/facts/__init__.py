"""The ground floor: what is known about Certificate Services, as data.

Nothing here runs. Each module is a table or a set of enumerations, and a change from one number
space to another is a mapping; there is no function and no branch on this floor, which a test
proves on the syntax tree. Modules import only each other and what is light in the standard library,
so that any other room may import any of them; rows are named tuples, because ten attrs classes
and their rows would lengthen the import of this floor by half.

Every row names its ``source`` (document and section) and its ``basis``, a ``basis.Basis`` that says
how far the row may be trusted. Where two sources carry one row, the weaker basis stands.

``events``        exit events, the bits of an exit module's mask
``dispositions``  the four number spaces for "what happened", and the reasons of a revocation
``properties``    names that modules may read, and what stands behind each name
``schema``        tables and columns of the database
``hresults``      result codes (``hresult_codes`` has the numbers, ``hresults_other`` rarer texts)
``flags``         the constant groups of the headers
``oids``          object identifiers of requests, certificates and CRLs
``registry``      values that a new authority's configuration has
``views``         predefined views, the operators of a restriction
``access``        the permission that each verb asks for
``audit``         events of the security audit, the bits of their filter
``basis``         the scale of trust itself
"""
