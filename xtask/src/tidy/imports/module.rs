//! What one file imports, defines and re-exports.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::{Token, tokens};

/// The path of a module in its crate; the root is empty.
pub(super) type Path = Vec<String>;

/// A file, which is a module.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// Every path into the crate, absolute and not resolved.
    pub(super) paths: BTreeSet<Path>,
    /// Names that `use` brings into the module, with what they stand for.
    pub(super) names: BTreeMap<String, Path>,
    /// What `use …::*` opens.
    pub(super) globs: BTreeSet<Path>,
    /// Names of items.
    pub(super) items: BTreeSet<String>,
    /// Modules in files of their own that only tests compile.
    pub(super) test_modules: BTreeSet<String>,
}

impl Module {
    /// Reads the file of the module at `here`. `children` are the names of the modules in files below
    /// it.
    pub(super) fn read(here: &[String], children: &BTreeSet<String>, source: &str) -> Self {
        let tokens = tokens(source);
        let mut reader = Reader {
            tokens: &tokens,
            place: 0,
            scopes: here.to_vec(),
            inline: Vec::new(),
            depth: 0,
            children,
            module: Self::default(),
        };
        while reader.place < tokens.len() {
            reader.step();
        }
        reader.module
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    place: usize,
    /// The path of the module that is read, inline ones included.
    scopes: Path,
    /// The depth of braces at which each inline module ends.
    inline: Vec<usize>,
    depth: usize,
    children: &'a BTreeSet<String>,
    module: Module,
}

/// Keywords that a name of an item follows.
const ITEMS: [&str; 10] =
    ["const", "enum", "fn", "macro_rules", "mod", "static", "struct", "trait", "type", "union"];

impl Reader<'_> {
    fn at(&self, offset: usize) -> Option<&Token> {
        self.tokens.get(self.place + offset)
    }

    fn word(&self, offset: usize) -> Option<&str> {
        self.at(offset)?.word()
    }

    fn is_mark(&self, offset: usize, mark: char) -> bool {
        self.at(offset).is_some_and(|token| token.is_mark(mark))
    }

    fn is_separator(&self, offset: usize) -> bool {
        self.at(offset) == Some(&Token::PathSeparator)
    }

    fn step(&mut self) {
        match self.at(0) {
            Some(Token::Mark('{')) => self.depth += 1,
            Some(Token::Mark('}')) => {
                self.depth = self.depth.saturating_sub(1);
                if self.inline.last() == Some(&self.depth) {
                    self.inline.pop();
                    self.scopes.pop();
                }
            }
            Some(Token::Mark('#')) if self.is_test_only() => return self.skip_item(),
            Some(Token::Word(word)) if word == "use" => return self.read_use(),
            Some(Token::Word(word)) if ITEMS.contains(&word.as_str()) => self.read_item(),
            Some(Token::PathSeparator) if self.word(1).is_some() => {
                // The rest of a path that started elsewhere.
                self.place += 2;
                return;
            }
            Some(Token::Word(_)) if self.is_separator(1) => return self.read_path(),
            _ => {}
        }
        self.place += 1;
    }

    /// Whether `#[cfg(test)]` or `#[cfg(all(test, …))]` stands here.
    fn is_test_only(&self) -> bool {
        let words = (2..8).map_while(|offset| match self.at(offset) {
            Some(Token::Mark('(')) => Some("("),
            token => token?.word(),
        });
        let words: Vec<_> = words.collect();
        self.is_mark(1, '[')
            && (words.starts_with(&["cfg", "(", "test"])
                || words.starts_with(&["cfg", "(", "all", "(", "test"]))
    }

    /// Skips attributes and the item behind them.
    fn skip_item(&mut self) {
        while self.is_mark(0, '#') {
            self.place += 1;
            self.skip_group();
        }
        let declaration = (0..4).find(|offset| self.word(*offset) == Some("mod"));
        if let Some(offset) = declaration
            && self.is_mark(offset + 2, ';')
            && let Some(name) = self.word(offset + 1)
        {
            self.module.test_modules.insert(name.to_owned());
        }
        while let Some(token) = self.at(0) {
            match token {
                Token::Mark(';' | ',') => {
                    self.place += 1;
                    return;
                }
                // The end of what the item stands in.
                Token::Mark('}') => return,
                Token::Mark('{') => return self.skip_group(),
                Token::Mark('(' | '[') => self.skip_group(),
                _ => self.place += 1,
            }
        }
    }

    /// Skips from a bracket to behind the one that closes it.
    fn skip_group(&mut self) {
        let mut depth = 0_usize;
        while let Some(token) = self.at(0) {
            match token {
                Token::Mark('(' | '[' | '{') => depth += 1,
                Token::Mark(')' | ']' | '}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.place += 1;
            if depth == 0 {
                return;
            }
        }
    }

    fn read_item(&mut self) {
        let name = if self.is_mark(1, '!') { self.word(2) } else { self.word(1) };
        let Some(name) = name.map(str::to_owned) else { return };
        if self.word(0) == Some("mod") && self.is_mark(2, '{') {
            self.inline.push(self.depth);
            self.scopes.push(name);
            // The brace is counted by the next steps.
        } else if self.word(0) != Some("mod") {
            self.module.items.insert(name);
        }
    }

    fn read_use(&mut self) {
        self.place += 1;
        if self.is_separator(0) {
            self.place += 1; // `::name` is another crate.
        } else {
            self.read_tree(&[]);
        }
    }

    /// Reads a tree of imports below `prefix`.
    fn read_tree(&mut self, prefix: &[String]) {
        let mut path = prefix.to_vec();
        loop {
            match self.at(0) {
                Some(Token::Word(word)) => {
                    path.push(word.clone());
                    self.place += 1;
                }
                Some(Token::Mark('{')) => {
                    self.place += 1;
                    while !self.is_mark(0, '}') && self.at(0).is_some() {
                        self.read_tree(&path);
                        if self.is_mark(0, ',') {
                            self.place += 1;
                        } else if !self.is_mark(0, '}') {
                            return; // No tree that compiles.
                        }
                    }
                    self.place += 1;
                    return;
                }
                Some(Token::Mark('*')) => {
                    self.place += 1;
                    if let Some(path) = self.absolute(&path) {
                        self.module.globs.insert(path.clone());
                        self.module.paths.insert(path);
                    }
                    return;
                }
                _ => return,
            }
            if self.is_separator(0) {
                self.place += 1;
            } else {
                break;
            }
        }
        if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
            path.pop();
        }
        let mut name = path.last().cloned();
        if self.word(0) == Some("as") {
            name = self.word(1).map(str::to_owned);
            self.place += 2;
        }
        let (Some(name), Some(path)) = (name, self.absolute(&path)) else { return };
        self.module.names.insert(name, path.clone());
        self.module.paths.insert(path);
    }

    /// Reads a path in code or in a type.
    fn read_path(&mut self) {
        let mut path = Vec::new();
        while let Some(word) = self.word(0) {
            path.push(word.to_owned());
            self.place += 1;
            if self.is_separator(0) && self.word(1).is_some() {
                self.place += 1;
            } else {
                break;
            }
        }
        let is_local = path.first().is_some_and(|first| {
            ["crate", "self", "super"].contains(&first.as_str()) || self.children.contains(first)
        });
        if is_local && let Some(path) = self.absolute(&path) {
            self.module.paths.insert(path);
        }
    }

    /// The path from the root of the crate. One that starts with a name may be another crate's.
    fn absolute(&self, path: &[String]) -> Option<Path> {
        let first = path.first()?;
        let mut absolute = match first.as_str() {
            "crate" => return Some(path.get(1..)?.to_vec()),
            _ => self.scopes.clone(),
        };
        let mut rest = path;
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "self" => {}
                "super" => {
                    absolute.pop()?;
                }
                _ => break,
            }
            rest = after;
        }
        absolute.extend(rest.iter().cloned());
        Some(absolute)
    }
}
