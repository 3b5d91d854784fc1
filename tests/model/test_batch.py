"""Reads of several objects as one: what is sent for which, by identifiers and by a filter, and what a definition may not say."""

from __future__ import annotations

import pytest

from ackpy.errors import DefinitionError
from ackpy.model.batch import alike, at_most, joined
from ackpy.model.call import Call
from ackpy.model.compiler import compile_resource
from ackpy.model.definition import Batch, Field, Operations, Resource
from ackpy.model.descriptor import Descriptor


def repository(batch: Batch | None) -> Descriptor:
    return compile_resource(
        Resource(
            service="ecr",
            kind="Repository",
            operations=Operations(update="-"),
            not_found=["RepositoryNotFoundException"],
            batch=batch,
            fields={"name": Field(aws="repositoryName", identifier=True)},
        )
    )


def read(*names: str, **others: str) -> Call:
    return Call("DescribeRepositories", {"repositoryNames": list(names), **others})


def test_the_identifiers_go_into_one_list_each_once() -> None:
    kind = repository(Batch(ids="repositoryNames"))
    calls = [read("a", registryId="1"), read("b", registryId="1"), read("a", registryId="1")]
    assert joined(kind, calls) == read("a", "b", registryId="1")


def test_a_filter_takes_their_place_where_one_that_is_unknown_fails_the_call() -> None:
    kind = repository(Batch(filter="repository-name"))
    filters = [{"Name": "repository-name", "Values": ["a", "b"]}]
    assert joined(kind, [read("a"), read("b")]).params == {"Filters": filters}


def test_reads_go_together_that_differ_in_their_identifiers_alone() -> None:
    kind = repository(Batch(ids="repositoryNames"))
    assert alike(kind, read("a", registryId="1"), read("b", registryId="1"))
    assert not alike(kind, read("a", registryId="1"), read("b", registryId="2"))


@pytest.mark.parametrize(
    ("batch", "most"),
    [(None, 1), (Batch(ids="repositoryNames", max=7), 7), (Batch(ids="repositoryNames", complete=False), 1)],
)
def test_how_many_at_most(batch: Batch | None, most: int) -> None:
    assert at_most(repository(batch)) == most


def test_a_member_that_takes_no_list_of_identifiers_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"batch\.ids.*'repositoryName' does not exist; near it: repositoryNames"):
        repository(Batch(ids="repositoryName"))
