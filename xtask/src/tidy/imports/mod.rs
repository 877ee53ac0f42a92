//! Import circles: modules of a crate that need each other, so that none can be read or moved alone.
//!
//! A module is a file. It imports what its paths (`use`, and paths in code) lead to; a re-exported
//! name leads to where it is defined. Code of tests is left out. A parent and its direct children may
//! import each other; a larger circle is a fault.

mod module;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use self::module::{Module, Path};

/// Checks every crate.
pub(super) fn check(root: &std::path::Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    let mut sources = vec![("xtask".to_owned(), root.join("xtask/src"))];
    for folder in fs::read_dir(root.join("crates"))? {
        let folder = folder?.path();
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        sources.push((name, folder.join("src")));
    }
    sources.sort();
    for (name, folder) in sources {
        let mut files = BTreeMap::new();
        read(&folder, &[], &mut files)?;
        for circle in Graph::new(&files).circles() {
            faults.push(format!("modules of crate {name} import each other in a circle: {circle}"));
        }
    }
    Ok(())
}

/// Reads the files below a folder. The root of the library wins over that of the program.
fn read(
    folder: &std::path::Path,
    path: &[String],
    files: &mut BTreeMap<Path, String>,
) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut child = path.to_vec();
        if file.is_dir() {
            child.push(stem);
            read(&file, &child, files)?;
            continue;
        }
        let is_root = path.is_empty() && (stem == "lib" || stem == "main");
        if file.extension().is_none_or(|extension| extension != "rs")
            || (stem == "main" && is_root && folder.join("lib.rs").exists())
        {
            continue;
        }
        if stem != "mod" && !is_root {
            child.push(stem);
        }
        files.insert(child, fs::read_to_string(&file)?);
    }
    Ok(())
}

/// Which module imports which.
#[derive(Debug)]
struct Graph(BTreeMap<Path, BTreeSet<Path>>);

impl Graph {
    fn new(files: &BTreeMap<Path, String>) -> Self {
        let children = |here: &Path| -> BTreeSet<String> {
            let below = files.keys().filter(|path| path.starts_with(here));
            below.filter_map(|path| path.get(here.len()).cloned()).collect()
        };
        let mut modules: BTreeMap<Path, Module> = files
            .iter()
            .map(|(path, source)| (path.clone(), Module::read(path, &children(path), source)))
            .collect();
        let tests: Vec<Path> = modules
            .iter()
            .flat_map(|(path, module)| {
                module
                    .test_modules
                    .iter()
                    .map(|name| [path.as_slice(), std::slice::from_ref(name)].concat())
            })
            .collect();
        modules.retain(|path, _| !tests.iter().any(|test| path.starts_with(test)));
        let imports = modules.iter().map(|(path, module)| {
            let targets = module.paths.iter().filter_map(|target| resolve(&modules, target, 0));
            (path.clone(), targets.filter(|target| target != path).collect())
        });
        Self(imports.collect())
    }

    /// The modules that `start` needs, directly or through others.
    fn reach<'g>(&'g self, start: &'g Path) -> BTreeSet<&'g Path> {
        let mut found = BTreeSet::new();
        let mut next = vec![start];
        while let Some(module) = next.pop() {
            next.extend(
                self.0.get(module).into_iter().flatten().filter(|path| found.insert(*path)),
            );
        }
        found
    }

    /// Each strongly connected component that is more than a parent and its children.
    fn circles(&self) -> Vec<String> {
        let reach: BTreeMap<_, _> = self.0.keys().map(|path| (path, self.reach(path))).collect();
        let mutual = |one: &Path, other: &Path| {
            let reaches = |from, to| reach.get(from).is_some_and(|found| found.contains(to));
            reaches(one, other) && reaches(other, one)
        };
        let mut seen = BTreeSet::new();
        let mut circles = Vec::new();
        for start in self.0.keys() {
            let members: BTreeSet<_> = self.0.keys().filter(|path| mutual(start, path)).collect();
            if !members.is_empty() && seen.insert(members.clone()) && !is_family(&members) {
                circles.push(self.describe(&members));
            }
        }
        circles
    }

    /// The members of a circle, and a short way around it.
    fn describe(&self, members: &BTreeSet<&Path>) -> String {
        let shortest = members
            .iter()
            .flat_map(|start| self.way_back(start, members))
            // A child and its parent are a circle that may be.
            .filter(|way| !is_family(&way.iter().collect()))
            .min_by_key(Vec::len);
        let names = members.iter().map(|path| name(path)).collect::<Vec<_>>().join(", ");
        let way = shortest.unwrap_or_default();
        let way = way.iter().map(name).collect::<Vec<_>>().join(" → ");
        format!("{names} ({} files; for example {way})", members.len())
    }

    /// The shortest ways from `start` back to it within a circle, one for each first step.
    fn way_back(&self, start: &Path, members: &BTreeSet<&Path>) -> Vec<Vec<Path>> {
        let steps = |path: &Path| {
            let targets = self.0.get(path).into_iter().flatten();
            targets.filter(|target| members.contains(target)).cloned().collect::<Vec<_>>()
        };
        let mut ways = Vec::new();
        for first in steps(start) {
            let mut seen = BTreeSet::from([first.clone()]);
            let mut queue = std::collections::VecDeque::from([vec![start.clone(), first]]);
            while let Some(way) = queue.pop_front() {
                let Some(last) = way.last() else { continue };
                if last == start {
                    ways.push(way);
                    break;
                }
                for next in steps(last) {
                    if seen.insert(next.clone()) {
                        queue.push_back([way.as_slice(), &[next]].concat());
                    }
                }
            }
        }
        ways
    }
}

/// Whether one member is the parent of all others.
fn is_family(members: &BTreeSet<&Path>) -> bool {
    members.iter().any(|parent| {
        members.iter().all(|path| {
            path == parent || path.split_last().is_some_and(|(_, rest)| rest == parent.as_slice())
        })
    })
}

fn name(path: &Path) -> String {
    if path.is_empty() { "the root".to_owned() } else { path.join("::") }
}

/// Re-exports of re-exports that are followed; more is a name that stands for itself.
const MAX_DEPTH: usize = 16;

/// The module in which what a path names is defined; `None` for what is not of this crate.
fn resolve(modules: &BTreeMap<Path, Module>, path: &[String], depth: usize) -> Option<Path> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut here = Path::new();
    let mut rest = path;
    while let Some((first, after)) = rest.split_first() {
        let child = [here.as_slice(), std::slice::from_ref(first)].concat();
        if !modules.contains_key(&child) {
            break;
        }
        (here, rest) = (child, after);
    }
    let module = modules.get(&here)?;
    let Some((first, after)) = rest.split_first() else { return Some(here) };
    if module.items.contains(first) {
        return Some(here);
    }
    if let Some(target) = module.names.get(first) {
        let target = [target.as_slice(), after].concat();
        // A name of another crate that is re-exported is nothing of ours.
        return if target == path { None } else { resolve(modules, &target, depth + 1) };
    }
    module.globs.iter().find_map(|glob| {
        let target = [glob.as_slice(), rest].concat();
        if target == path { None } else { resolve(modules, &target, depth + 1) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The circles of a crate with these files.
    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let files = files.iter().map(|(path, source)| {
            let path = path.split("::").filter(|part| !part.is_empty()).map(str::to_owned);
            (path.collect(), (*source).to_owned())
        });
        Graph::new(&files.collect()).circles()
    }

    #[test]
    fn modules_that_import_each_other_are_a_circle() {
        let files = [
            ("", "mod a; mod b; mod c;"),
            ("a", "use crate::b::B; pub struct A;"),
            ("b", "use super::c; pub struct B; fn f() { c::f() }"),
            ("c", "pub fn f() -> crate::a::A {}"),
        ];
        assert_eq!(circles(&files), ["a, b, c (3 files; for example a → b → c → a)"]);
    }

    #[test]
    fn a_parent_and_its_children_may_import_each_other() {
        let files = [
            ("", "mod a; pub use a::A;"),
            ("a", "mod x; mod y; use self::x::X; pub struct A; fn f() { y::g() }"),
            ("a::x", "use super::{A, y}; pub struct X;"),
            ("a::y", "use crate::a::A; pub fn g() {}"),
        ];
        assert_eq!(circles(&files), [""; 0]);
    }

    #[test]
    fn a_grandchild_that_needs_the_root_is_one_too_many() {
        let files = [
            ("", "mod a; fn shared() {} fn main() { a::run() }"),
            ("a", "mod x; pub fn run() { x::run() }"),
            ("a::x", "pub fn run() { crate::shared() }"),
        ];
        let circles = circles(&files);
        assert_eq!(
            circles,
            ["the root, a, a::x (3 files; for example the root → a → a::x → the root)"]
        );
    }

    #[test]
    fn a_name_that_is_re_exported_leads_to_where_it_is_defined() {
        let files = [
            ("", "mod a; mod options; pub use a::*; pub use options::{Options as Settings};"),
            ("a", "mod x; pub use x::X;"),
            ("a::x", "use crate::Settings; pub struct X;"),
            ("options", "pub struct Options; fn f(x: crate::X) {}"),
        ];
        let expected = ["a::x, options (2 files; for example a::x → options → a::x)"];
        assert_eq!(circles(&files), expected);
    }

    #[test]
    fn tests_and_comments_and_other_crates_import_nothing() {
        let files = [
            ("", "mod a; mod b; #[cfg(test)] mod tests; #[cfg(all(test, unix))] fn f() { b::f() }"),
            (
                "a",
                "use b::B; // crate::b\n/// [`crate::b`]\n#[cfg(test)] mod tests { use crate::b; }",
            ),
            (
                "b",
                "use crate::a::A; use tracing::field::Empty; mod inline { use super::super::a; }",
            ),
            ("tests", "use crate::{a, b};"),
            ("tests::deep", "use crate::a;"),
        ];
        assert_eq!(circles(&files), [""; 0]);
    }

    #[test]
    fn an_inline_module_belongs_to_its_file() {
        let files = [
            ("", "mod a; mod b;"),
            ("a", "mod push { use super::B; fn f() { crate::b::f() } } use crate::b::B;"),
            ("b", "use crate::a; pub struct B; pub fn f() {}"),
        ];
        assert_eq!(circles(&files).len(), 1);
    }
}
