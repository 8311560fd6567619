"""`use`: a base plus overrides by rule id reads like one file, and what is wrong is told where it stands, once."""

from pathlib import Path

import pytest

from suppress.decisions.decision import Mode
from suppress.problems import Severity
from suppress.rules.bases import MAX_BASES
from suppress.rules.reading import parse_ruleset, read_ruleset, read_rulesets
from suppress.rules.ruleset import Effect, Rule, Ruleset

BASE = """version: 1
ruleset: base
owner: base@shop.example
time_zone: Europe/Zurich
codes: {own_code: of the base, other_code: of the base}
rules:
  - {id: first, drop: item, code: own_code, when: {item.brand: a}}
  - {id: second, drop: item, code: recalled, when: {item.brand: b}}
"""
HEAD = "version: 1\nruleset: NAME\nuse: base\n"
OWN = "  - {id: own, drop: item, code: recalled, when: {item.brand: z}}\n"


def put(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text.replace("NAME", name), encoding="utf-8")


def read(folder: Path, name: str) -> Ruleset:
    ruleset, problems = read_ruleset(folder / f"{name}.yaml")
    assert () == problems
    assert ruleset is not None
    return ruleset


def rule(ruleset: Ruleset, id_: str) -> Rule:
    return next(rule for rule in ruleset.rules if rule.id == id_)


def told(folder: Path, name: str) -> list[str]:
    return [str(p).replace(f"{folder}/", "") for p in read_ruleset(folder / f"{name}.yaml")[1]]


def test_a_base_gives_what_the_file_does_not_say(tmp_path: Path) -> None:
    """Rules, owner, zone and codes are the base's; version and name are the file's."""
    put(tmp_path, base=BASE, shop=HEAD + "mode: shadow\n")
    shop = read(tmp_path, "shop")

    assert ("shop", ("base",), Mode.SHADOW) == (shop.name, shop.bases, shop.mode)
    assert ("base@shop.example", "Europe/Zurich") == (shop.owner, shop.time_zone)
    assert ["first", "second"] == [rule.id for rule in shop.rules]


def test_what_to_do_without_facts_is_the_bases_unless_the_file_says(tmp_path: Path) -> None:
    """`on_unavailable` is one word, so the file's own takes the place of the base's."""
    put(tmp_path, base=BASE + "on_unavailable: block\n", shop=HEAD, other=HEAD + "on_unavailable: allow\n")

    assert ["block", "allow"] == [read(tmp_path, name).on_unavailable for name in ("shop", "other")]


def test_a_rule_of_the_same_id_overlays_key_by_key(tmp_path: Path) -> None:
    """What the override does not say stays the base's; the rule keeps its place, other rules come after."""
    put(tmp_path, base=BASE, shop=HEAD + f"rules:\n{OWN}  - {{id: first, mode: shadow, title: t}}\n")
    shop = read(tmp_path, "shop")

    assert ["first", "second", "own"] == [rule.id for rule in shop.rules]
    assert (Mode.SHADOW, "t", "own_code") == (shop.rules[0].mode, shop.rules[0].title, shop.rules[0].code)
    assert rule(read(tmp_path, "base"), "first").when == shop.rules[0].when


def test_an_effect_replaces_the_bases_effect(tmp_path: Path) -> None:
    """A rule has one effect, that of the override."""
    put(
        tmp_path,
        base=BASE.replace("item.brand: a", "campaign.id: a"),
        shop=HEAD + "rules:\n  - {id: first, suppress: message}\n",
    )

    assert Effect.SUPPRESS_MESSAGE is rule(read(tmp_path, "shop"), "first").effect


def test_maps_merge_by_key(tmp_path: Path) -> None:
    """Codes, cycles and the like of both are there; where both say something, the file wins."""
    put(tmp_path, base=BASE, shop=HEAD + "codes: {own_code: of the shop, third_code: of the shop}\n")

    assert {"own_code": "of the shop", "other_code": "of the base", "third_code": "of the shop"} == dict(
        read(tmp_path, "shop").codes
    )


def test_definitions_are_shared(tmp_path: Path) -> None:
    """A rule may name what a base defines, and define it anew for the base's own rules."""
    base = BASE.replace("codes:", "define: {brand: {item.brand: a}}\ncodes:").replace(
        "when: {item.brand: a}", "when: {defined: brand}"
    )
    put(tmp_path, base=base, shop=HEAD + "define: {brand: {item.brand: c}}\n", plain=HEAD)
    shop, plain = read(tmp_path, "shop"), read(tmp_path, "plain")

    assert ["a", "c"] == [found.rules[0].when.values[0] for found in (plain, shop)]  # type: ignore[union-attr]


def test_bases_merge_left_to_right(tmp_path: Path) -> None:
    """The later base wins over the earlier, the file over both; a base of a base comes first."""
    put(
        tmp_path,
        base=BASE,
        left=HEAD + "owner: left\nrules:\n  - {id: first, title: left}\n",
        right=HEAD + "owner: right\nrules:\n  - {id: second, title: right}\n",
        shop=HEAD.replace("base", "[left, right]") + f"rules:\n{OWN}",
    )
    shop = read(tmp_path, "shop")

    assert ("base", "left", "right") == shop.bases
    assert "right" == shop.owner
    assert ["left", "right", None] == [rule.title for rule in shop.rules]


def test_places_keep_their_file(tmp_path: Path) -> None:
    """A rule points to the file its words stand in: the override only where it says what the rule does."""
    put(
        tmp_path,
        base=BASE,
        shop=HEAD + "rules:\n  - {id: first, title: t}\n  - {id: second, when: {item.brand: c}}\n",
    )
    shop = read(tmp_path, "shop")
    first, second = shop.rules

    assert [str(tmp_path / "base.yaml"), str(tmp_path / "shop.yaml")] == [
        first.position.file,
        first.place("title").file,
    ]
    assert [str(tmp_path / "shop.yaml"), str(tmp_path / "base.yaml")] == [
        second.position.file,
        second.place("code").file,
    ]


def test_a_callable_gives_bases(tmp_path: Path) -> None:
    """Without a folder, the bytes of a base are asked for by name; nobody to ask means there is none."""
    text = HEAD.replace("NAME", "shop").encode()
    asked = []

    def look_up(name: str) -> bytes | None:
        asked.append(name)
        return BASE.replace("recalled", "recaled").encode()

    _, problems = parse_ruleset(text, "rules/shop.yaml", bases=look_up)

    assert (["base"], ["rules/base.yaml"]) == (asked, [p.position.file for p in problems])
    assert ["unknown-base"] == [p.code for p in parse_ruleset(text, "shop.yaml")[1]]


def test_yml_is_a_rule_file_as_well(tmp_path: Path) -> None:
    """A base may be called NAME.yml."""
    (tmp_path / "base.yml").write_text(BASE)
    put(tmp_path, shop=HEAD)

    assert ("base",) == read(tmp_path, "shop").bases


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (
            {"shop": HEAD.replace("base", "shop")},
            "shop.yaml:3:6 use-cycle: rulesets use one another in a circle: shop -> shop. help: take one of them out: "
            "put what all of them need into a ruleset of its own",
        ),
        (
            {"shop": HEAD.replace("base", "bse"), "base": BASE},
            'shop.yaml:3:6 unknown-base: there is no ruleset "bse" beside this file. help: did you mean "base"?',
        ),
        (
            {"shop": HEAD.replace("base", "zzz"), "base": BASE},
            'shop.yaml:3:6 unknown-base: there is no ruleset "zzz" beside this file. help: there is base',
        ),
        (
            {"shop": HEAD.replace("base", "../base"), "base": BASE},
            'shop.yaml:3:6 bad-name: the ruleset to "use" is "../base"; names have small letters, digits and hyphens. '
            'help: write "base"',
        ),
        (
            {"shop": HEAD.replace("base", "[base, base]"), "base": BASE},
            'shop.yaml:3:13 repeated-value: the ruleset "base" is used twice. help: delete one',
        ),
        (
            {"shop": HEAD.replace("base", "[]")},
            'shop.yaml:3:6 empty-list: the list behind "use" is empty. help: name a ruleset, or delete the line',
        ),
        (
            {"shop": HEAD + "rules:\n  - {id: frist, mode: shadow}\n", "base": BASE},
            'shop.yaml:5:10 unknown-override: no rule "frist" in base to override, and a rule of its own needs "code", '
            '"when" and an effect. help: did you mean "first"?',
        ),
        (
            {"shop": HEAD + "rules:\n  - {id: xyz, when: {item.brand: c}, drop: item}\n", "base": BASE},
            'shop.yaml:5:10 unknown-override: no rule "xyz" in base to override, and a rule of its own needs "code". '
            "help: write the id of the rule to override, or what is missing",
        ),
        (
            {"shop": HEAD, "base": BASE.replace("recalled", "recaled")},
            'base.yaml:8:36 unregistered-code: the reason code "recaled" is not registered. help: did you mean '
            '"recalled"?',
        ),
        (
            {"shop": HEAD, "base": BASE.replace("version: 1", "version: 2")},
            'base.yaml:1:10 unknown-version: no version "2" of the rule language. help: write "version: 1"',
        ),
        (
            {"shop": HEAD + "mode: shadow\n", "base": BASE + "mode: shadw\n"},
            'base.yaml:9:7 unknown-value: "mode" cannot be "shadw". help: did you mean "shadow"?',
        ),
        (
            {"shop": HEAD + f"rules:\n{OWN}{OWN.replace('z}', 'y}')}", "base": BASE},
            'shop.yaml:6:10 duplicate-id: the id "own" is taken by the rule in line 5. help: give each rule an id of '
            "its own",
        ),
        (
            {"shop": HEAD, "base": "- 1\n"},
            "base.yaml:1:1 map-expected: a rule file is a map of keys and values. help: begin with "
            '"version: 1", then "ruleset: NAME" and "rules:"',
        ),
    ],
)
def test_what_is_wrong_with_bases(tmp_path: Path, files: dict[str, str], wanted: str) -> None:
    """Each mistake is told where it stands, in the base or in the file that uses it, and once."""
    put(tmp_path, **files)

    assert [wanted] == told(tmp_path, "shop")


def test_a_circle_is_told_once_for_a_folder(tmp_path: Path) -> None:
    """Whichever of its files is read, a circle is the same Problem."""
    use = {"a": "b", "b": "c", "c": "a", "outside": "b"}
    put(tmp_path, **{name: HEAD.replace("base", base) for name, base in use.items()})
    _, problems = read_rulesets(tmp_path)

    assert ["rulesets use one another in a circle: a -> b -> c -> a"] == [p.message for p in problems]
    assert [str(tmp_path / "a.yaml")] == [p.position.file for p in problems]


def test_a_bases_problem_is_told_once_for_a_folder(tmp_path: Path) -> None:
    """Linting a folder reads a base on its own and below others; what is wrong with it is one Problem."""
    base = BASE.replace("recalled", "recaled") + "  - {id: third, drop: item, code: own_code, when: {item.brand: a}}\n"
    put(tmp_path, base=base, left=HEAD, right=HEAD)
    _, problems = read_rulesets(tmp_path)

    assert [("unregistered-code", "base.yaml"), ("unreachable-rule", "base.yaml")] == [
        (p.code, Path(p.position.file).name) for p in problems
    ]


def test_what_a_base_defines_for_others_is_not_unused(tmp_path: Path) -> None:
    """A definition of a base that others use is no warning, be it read alone in its folder or below others."""
    base = BASE.replace("codes:", "define: {brand: {item.brand: a}}\ncodes:")
    put(
        tmp_path,
        base=base,
        shop=HEAD + "rules:\n" + OWN.replace("item.brand: z", "any: [{item.title: z}, {defined: brand}]"),
    )

    assert () == read_rulesets(tmp_path)[1]
    assert [Severity.WARNING] == [p.severity for p in read_ruleset(tmp_path / "base.yaml")[1]]


def test_ten_deep_and_no_deeper(tmp_path: Path) -> None:
    """Rulesets may stand on one another ten deep; the eleventh is refused."""
    put(tmp_path, base=BASE)
    for depth in range(1, 11):
        put(tmp_path, **{f"s{depth}": HEAD.replace("base", f"s{depth - 1}" if depth > 1 else "base")})

    assert [] == told(tmp_path, "s9")
    assert "use-too-deep" in told(tmp_path, "s10")[0]
    assert 10 == len(read(tmp_path, "s9").bases) + 1


def test_so_many_bases_and_no_more(tmp_path: Path) -> None:
    """What a file builds on is bounded, however little each base says."""
    put(tmp_path, base=BASE)
    names = [f"b{number}" for number in range(MAX_BASES)]
    put(tmp_path, **dict.fromkeys(names, HEAD), shop=HEAD.replace("base", f"[{', '.join(names)}]"))

    assert "bases-too-large" in told(tmp_path, "shop")[0]


def test_doubtful_rules_do_not_multiply(tmp_path: Path) -> None:
    """A web of bases with rules that cannot be told apart stays as small as its files are."""
    put(tmp_path, base=BASE + "  - {id: first}\n" * 50)
    above = ["base"]
    for level in range(8):
        pair = [f"p{level}", f"q{level}"]
        put(tmp_path, **dict.fromkeys(pair, HEAD.replace("base", f"[{', '.join(above)}]")))
        above = pair
    put(tmp_path, shop=HEAD.replace("base", f"[{', '.join(above)}]"))
    _, problems = read_ruleset(tmp_path / "shop.yaml")

    assert {"base.yaml"} == {Path(p.position.file).name for p in problems if p.code != "too-many-problems"}


def test_a_base_nobody_may_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A base that is there and cannot be read is told with the reason."""
    put(tmp_path, base=BASE, shop=HEAD)
    opened = Path.open

    def refuse(path: Path, *arguments: str) -> object:
        if path.name == "base.yaml":
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments)

    monkeypatch.setattr(Path, "open", refuse)

    assert [
        'shop.yaml:3:6 base-unreadable: the ruleset "base" cannot be read: permission denied. help: check who may '
        "read its file"
    ] == told(tmp_path, "shop")
