"""Values of a template: intrinsic functions, conditions, parameters and the order of creation."""

import pytest

from local.intrinsics import Resolver, TemplateError

PSEUDO = {"AWS::Region": "eu-west-2", "AWS::StackName": "s"}
TEMPLATE = {
    "Parameters": {
        "Codes": {"Type": "CommaDelimitedList", "Default": "AVN, WLT"},
        "Mail": {"Type": "String", "Default": ""},
        "Days": {"Type": "Number", "Default": 30, "MinValue": 1, "MaxValue": 90},
    },
    "Mappings": {"Sizes": {"small": {"memory": 512}}},
    "Conditions": {
        "HasMail": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Mail"}, ""]}]},
        "Here": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-2"]},
        "Both": {"Fn::And": [{"Condition": "HasMail"}, {"Condition": "Here"}]},
        "Either": {"Fn::Or": [{"Condition": "HasMail"}, {"Condition": "Here"}]},
    },
    "Resources": {"Queue": {"Type": "Q"}},
}


def resolver(**parameters: str) -> Resolver:
    made = Resolver(TEMPLATE, parameters, PSEUDO)
    made.refs["Queue"] = "http://queue"
    made.attributes["Queue"] = {"Arn": "arn:queue"}
    return made


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Ref": "Queue"}, "http://queue"),
        ({"Ref": "AWS::StackName"}, "s"),
        ({"Ref": "Codes"}, ["AVN", "WLT"]),
        ({"Ref": "Days"}, 30),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:queue"),
        ({"Fn::GetAtt": "Queue.Arn"}, "arn:queue"),
        ({"Fn::Sub": "${Queue.Arn}/${AWS::Region}/${!kept}/${Days}"}, "arn:queue/eu-west-2/${kept}/30"),
        ({"Fn::Sub": ["${a}-${Queue}", {"a": {"Ref": "Days"}}]}, "30-http://queue"),
        ({"Fn::Join": ["+", {"Ref": "Codes"}]}, "AVN+WLT"),
        ({"Fn::Split": ["-", {"Ref": "AWS::Region"}]}, ["eu", "west", "2"]),
        ({"Fn::Select": [1, {"Fn::Split": ["-", {"Ref": "AWS::Region"}]}]}, "west"),
        ({"Fn::Select": ["0", {"Ref": "Codes"}]}, "AVN"),
        ({"Fn::FindInMap": ["Sizes", "small", "memory"]}, 512),
        ({"Fn::If": ["HasMail", "mail", "none"]}, "none"),
        ({"Fn::If": ["Either", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Both", "yes", "no"]}, "no"),
        ({"a": {"Fn::If": ["HasMail", "x", {"Ref": "AWS::NoValue"}]}, "b": 1}, {"b": 1}),
        ([{"Ref": "AWS::NoValue"}, 2], [2]),
        (
            {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        ),
        ({"plain": [True, None, 1.5]}, {"plain": [True, None, 1.5]}),
    ],
)
def test_values(node, value) -> None:
    assert resolver().value(node, "Here") == value


def test_a_given_parameter_goes_before_its_default() -> None:
    assert resolver(Mail="a@b").value({"Fn::If": ["Both", {"Ref": "Mail"}, ""]}, "Here") == "a@b"


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ({"Ref": "Quue"}, "Quue"),
        ({"Fn::GetAtt": ["Queue", "Name"]}, r"Queue\.Name"),
        ({"Fn::Sub": "${Quue.Arn}"}, "Quue"),
        ({"Fn::Select": [7, ["a"]]}, "7"),
        ({"Fn::If": ["Nope", 1, 2]}, "Nope"),
        ({"Fn::FindInMap": ["Sizes", "large", "memory"]}, "large"),
        ({"Fn::ImportValue": "x"}, "Fn::ImportValue"),
        ({"Fn::Equals": ["one"]}, "Equals"),
    ],
)
def test_what_cannot_be_worked_out_names_where_it_stands(node, said: str) -> None:
    with pytest.raises(TemplateError, match=rf"^Here.*{said}|condition.*{said}"):
        resolver().value({"deep": [node]}, "Here")


@pytest.mark.parametrize("given", [{"Days": "0"}, {"Days": "91"}, {"Days": "x"}, {"Dayz": "1"}])
def test_parameters_are_checked(given: dict[str, str]) -> None:
    with pytest.raises(TemplateError, match=r"^Day"):
        resolver(**given)


def ordered(resources: dict[str, object]) -> list[str]:
    return Resolver({"Resources": resources}, {}, PSEUDO).order()


def test_each_comes_after_what_it_names() -> None:
    order = ordered(
        {
            "A": {"Type": "T", "Properties": {"x": {"Fn::Sub": "${B.Arn}"}}},
            "B": {"Type": "T", "Properties": {"x": [{"Fn::GetAtt": ["C", "Arn"]}]}},
            "C": {"Type": "T", "DependsOn": "D"},
            "D": {"Type": "T", "Properties": {"x": {"Fn::Sub": ["${v}", {"v": {"Ref": "E"}}]}}},
            "E": {"Type": "T"},
        }
    )
    assert order == ["E", "D", "C", "B", "A"]


def test_a_circle_is_told_as_such() -> None:
    with pytest.raises(TemplateError, match="A -> B -> A"):
        ordered(
            {
                "A": {"Type": "T", "Properties": {"x": {"Ref": "B"}}},
                "B": {"Type": "T", "Properties": {"x": {"Ref": "A"}}},
            }
        )


def test_depends_on_nothing_is_refused() -> None:
    with pytest.raises(TemplateError, match=r"^A.*Bb"):
        ordered({"A": {"Type": "T", "DependsOn": ["Bb"]}})
