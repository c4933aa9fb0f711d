//! What SQL does.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, Ident, ObjectName, ObjectNamePart, Query, SetExpr, Statement,
    TableFactor, Visit, Visitor,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

/// How deep a statement may nest.
const DEPTH: usize = 50;

/// The worst that any of the statements does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Queries that change nothing.
    Read,
    /// Queries that call a function which may do anything.
    Call,
    /// Whatever else there is.
    Write,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Call => "call",
            Self::Write => "write",
        }
    }
}

/// What some statements do.
pub(crate) struct Read {
    pub(crate) kind: Kind,
    pub(crate) tables: BTreeSet<String>,
    pub(crate) statements: usize,
}

/// Functions that compute and do nothing else.
const PURE: [&str; 26] = [
    "abs",
    "avg",
    "ceil",
    "ceiling",
    "char_length",
    "coalesce",
    "concat",
    "count",
    "date_trunc",
    "floor",
    "greatest",
    "least",
    "length",
    "lower",
    "ltrim",
    "max",
    "min",
    "mod",
    "nullif",
    "replace",
    "round",
    "rtrim",
    "sum",
    "to_char",
    "trim",
    "upper",
];

/// Reads SQL as PostgreSQL does.
pub(crate) fn read(sql: &str) -> Result<Read, String> {
    let parser = Parser::new(&PostgreSqlDialect {}).with_recursion_limit(DEPTH);
    let statements = parser
        .try_with_sql(sql)
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| error.to_string())?;
    if statements.is_empty() {
        return Err(String::from("there is no statement"));
    }
    let mut seen = Seen { kind: Kind::Read, tables: BTreeSet::new() };
    for statement in &statements {
        if !matches!(statement, Statement::Query(_)) {
            seen.kind = Kind::Write;
        }
        // Nothing of a statement ends the walk.
        let _ = statement.visit(&mut seen);
    }
    Ok(Read { kind: seen.kind, tables: seen.tables, statements: statements.len() })
}

struct Seen {
    kind: Kind,
    tables: BTreeSet<String>,
}

impl Seen {
    fn at_least(&mut self, kind: Kind) {
        self.kind = self.kind.max(kind);
    }
}

impl Visitor for Seen {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        // Within a query stands another statement: `with gone as (delete …) select …`.
        if !matches!(statement, Statement::Query(_)) {
            self.at_least(Kind::Write);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        // Rows are locked for somebody who means to write.
        if !query.locks.is_empty() || writes(&query.body) {
            self.at_least(Kind::Write);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        self.tables.insert(name(relation));
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<()> {
        let is_plain = match table {
            TableFactor::Table { args, .. } => args.is_none(),
            TableFactor::Derived { .. } | TableFactor::NestedJoin { .. } => true,
            _ => false,
        };
        if !is_plain {
            self.at_least(Kind::Call);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        let is_pure = match expression {
            Expr::Function(function) => PURE.contains(&name(&function.name).as_str()),
            // Somebody's own operator is somebody's own function.
            Expr::BinaryOp { op, .. } => {
                !matches!(op, BinaryOperator::PGCustomBinaryOperator(_) | BinaryOperator::Custom(_))
            }
            _ => true,
        };
        if !is_pure {
            self.at_least(Kind::Call);
        }
        ControlFlow::Continue(())
    }
}

/// Whether what a query is made of makes a table, or changes one.
fn writes(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => select.into.is_some(),
        SetExpr::Query(query) => writes(&query.body),
        SetExpr::SetOperation { left, right, .. } => writes(left) || writes(right),
        SetExpr::Values(_) => false,
        // Of `table orders` the parser shows nobody the table.
        _ => true,
    }
}

/// A name as PostgreSQL knows it: in lower case unless it stands in quotes.
fn name(name: &ObjectName) -> String {
    let part = |part: &ObjectNamePart| match part {
        ObjectNamePart::Identifier(Ident { value, quote_style: None, .. }) => value.to_lowercase(),
        ObjectNamePart::Identifier(Ident { value, .. }) => value.clone(),
        // What makes a name is no name of something that was reviewed.
        other => format!("({other})"),
    };
    name.0.iter().map(part).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_the_worst_that_stands_in_it() {
        for (sql, kind) in [
            ("select id from orders", Kind::Read),
            ("SELECT count(*), Lower(name) FROM orders o JOIN items i ON i.of = o.id", Kind::Read),
            ("with a as (select 1) select * from a union values (2)", Kind::Read),
            ("select * from generate_series(1, 9)", Kind::Call),
            ("select * from orders, pg_read_file('/etc/passwd')", Kind::Call),
            ("select pg_terminate_backend(1)", Kind::Call),
            ("select * from orders where id = nextval('s')", Kind::Call),
            ("select \"count\"(1)", Kind::Read),
            ("select \"COUNT\"(1)", Kind::Call),
            ("select other.count(1)", Kind::Call),
            ("select * into copy from orders", Kind::Write),
            ("select 1 union (select * into copy from orders)", Kind::Write),
            ("select * from orders for update", Kind::Write),
            ("select * from (select * from orders for share) as o", Kind::Write),
            ("with gone as (delete from orders returning *) select * from gone", Kind::Write),
            ("select 1; drop table orders", Kind::Write),
            ("explain analyze delete from orders", Kind::Write),
            ("select * from orders union table secrets", Kind::Write),
            ("delete from orders", Kind::Write),
            ("copy orders to '/tmp/x'", Kind::Write),
            ("call clean_up()", Kind::Write),
            ("set role admin", Kind::Write),
        ] {
            assert_eq!(read(sql).unwrap().kind, kind, "{sql}");
        }
    }

    #[test]
    fn every_table_is_named() {
        for (sql, tables) in [
            ("select 1", vec![]),
            (
                "select * from Orders o, public.\"Items\" where o.id in (select of from secrets)",
                vec!["orders", "public.Items", "secrets"],
            ),
            ("insert into a select * from b", vec!["a", "b"]),
            ("select * from a join lateral (select * from b) x on true", vec!["a", "b"]),
        ] {
            let expected: BTreeSet<String> = tables.into_iter().map(str::to_owned).collect();
            assert_eq!(read(sql).unwrap().tables, expected, "{sql}");
        }
    }

    #[test]
    fn what_is_no_sql_has_no_facts() {
        let deep = format!("select {}1{}", "(".repeat(500), ")".repeat(500));
        for sql in ["", ";", "-- nothing", "selec 1", "select 'a", "select 1 from", &deep] {
            assert!(read(sql).is_err(), "{sql}");
        }
    }
}
