"""The grammar of the query language, in the notation of lark."""

# A terminal ends where its word ends, so that `order` is never read as `or` and `der`.
GRAMMAR = r"""
where: _any
_any: any
any: all (OR all)*
all: negation (AND negation)*
?negation: NOT negation -> inverted
    | "(" any ")" -> grouped
    | condition

?condition: NAME OPERATOR value -> comparison
    | NAME IN "(" value ("," value)* ")" -> among
    | NAME NOT IN "(" value ("," value)* ")" -> not_among
    | NAME BETWEEN value AND value -> within
    | NAME NOT BETWEEN value AND value -> not_within
    | NAME LIKE value -> alike
    | NAME NOT LIKE value -> not_alike
    | NAME IS NULL -> missing
    | NAME IS NOT NULL -> present

value: NUMBER -> number
    | TEXT -> text
    | TRUE -> true
    | FALSE -> false
    | NULL -> null

names: name ("," name)*
name: NAME

aggregates: aggregate ("," aggregate)*
aggregate: FUNCTION "(" ")" -> of_rows
    | FUNCTION "(" NAME ")" -> of_values
    | FUNCTION "(" NAME "," NUMBER ")" -> at_fraction

orders: order ("," order)*
order: (name | aggregate) -> ascending
    | (name | aggregate) ASC -> ascending
    | (name | aggregate) DESC -> descending

OPERATOR: "<=" | ">=" | "!=" | "=" | "<" | ">"
AND.3: /and\b/i
OR.3: /or\b/i
NOT.3: /not\b/i
IN.3: /in\b/i
BETWEEN.3: /between\b/i
LIKE.3: /like\b/i
IS.3: /is\b/i
NULL.3: /null\b/i
TRUE.3: /true\b/i
FALSE.3: /false\b/i
ASC.3: /asc\b/i
DESC.3: /desc\b/i
FUNCTION.2: /[A-Za-z_]+(?=\s*\()/
NAME.1: /[A-Za-z_]\w*(\.([\w.\-]+|"([^"]|"")+"|'([^']|'')+'|`[^`]+`))?/
NUMBER: /[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?(?![\w.])/
TEXT: /'([^']|'')*'|"([^"]|"")*"/

%ignore /\s+/
"""
