"""Wrong use: options, configuration and grid. Each ends at once, with a message that helps, and leaves nothing."""

import re
import unittest

from program import HOIST, MPIRUN, ProgramTest, Run

USAGE, MISSING = 64, 66
# Where ranks agree on what is wrong: one setting of each kind is refused by several.
SEVERAL = (1, 3)


class BadConfiguration(ProgramTest):
    def refuses_setting(self, setting, *phrases, on=(1,)):
        self.write_config()
        self.refuses(USAGE, phrases, "train", "small.ini", "--set", setting, on=on)

    def test_an_unknown_key_gets_a_suggestion(self):
        self.refuses_setting("train.sweps=3", "train.sweps", "did you mean train.sweeps?", on=SEVERAL)

    def test_an_unknown_key_in_the_file_gets_a_suggestion(self):
        self.write_config(network__layer="784-16-10")
        self.refuses(USAGE, ["network.layer ", "did you mean network.layers?"], "train", "small.ini")

    def test_an_unknown_section_gets_a_suggestion(self):
        self.write_config(trian__sweeps=3)
        self.refuses(USAGE, ["trian.sweeps", "did you mean train.sweeps?"], "train", "small.ini")

    def test_a_word_in_the_place_of_a_whole_number_is_named(self):
        self.refuses_setting("train.sweeps=ten", "train.sweeps = ten", "whole number")

    def test_a_word_in_the_place_of_a_number_is_named(self):
        self.refuses_setting("weights.ridge=much", "weights.ridge = much", "number")

    def test_a_number_that_is_not_finite_is_named(self):
        self.refuses_setting("formulation.lambda=nan", "formulation.lambda = nan")

    def test_a_value_out_of_range_is_told_the_range(self):
        self.refuses_setting("data.samples=0", "data.samples = 0", "from 1 to", on=SEVERAL)
        self.refuses_setting("weights.ridge=-1", "weights.ridge = -1", "at least 0")
        self.refuses_setting("train.target_accuracy=101", "from 0 to 100")

    def test_a_choice_that_does_not_exist_gets_a_suggestion(self):
        self.refuses_setting("train.schedule=wavefrnt", "did you mean wavefront?")
        self.refuses_setting("data.format=glyps", "did you mean glyphs?")
        self.refuses_setting("network.activation=rellu", "did you mean", "relu")
        self.refuses_setting("formulation.name=clasical", "did you mean classical?")
        self.refuses_setting("network.init=xavir", "did you mean xavier?", on=SEVERAL)

    def test_layers_that_cannot_be_read_are_named(self):
        for layers in ("784", "784-x-10", "784-0-10", "784--10", ""):
            with self.subTest(layers=layers):
                self.refuses_setting(f"network.layers={layers}", "network.layers")

    def test_an_input_width_that_contradicts_the_data_is_named_with_the_right_one(self):
        self.refuses_setting("network.layers=100-16-10", "100-16-10", "784", on=SEVERAL)

    def test_an_output_width_that_contradicts_the_classes_is_named_with_the_right_one(self):
        self.refuses_setting("network.layers=784-16-7", "784-16-7", "10", on=SEVERAL)

    def test_an_activation_that_classical_cannot_take_is_refused_with_reason_and_alternative(self):
        self.refuses_setting("network.activation=leaky_relu(0.1)", "classical", "leaky_relu", "relu",
                             on=SEVERAL)

    def test_a_list_of_the_wrong_length_is_told_the_right_one(self):
        self.refuses_setting("formulation.lambda=1,2,3,4", "formulation.lambda", "2", on=SEVERAL)
        self.refuses_setting("network.activation=relu,relu,relu", "network.activation")

    def test_a_validation_part_that_leaves_nothing_to_train_on_is_refused(self):
        self.refuses_setting("data.validation=240", "data.validation", on=SEVERAL)

    def test_a_setting_without_a_value_is_refused(self):
        self.refuses_setting("train.sweeps", "--set section.key=value", on=SEVERAL)

    def test_a_file_that_is_no_configuration_is_named(self):
        (self.folder / "small.ini").write_text("[data]\nnonsense\n")
        self.refuses(USAGE, ["small.ini", "key = value"], "train", "small.ini")

    def test_a_configuration_that_is_not_there_is_named(self):
        self.refuses(MISSING, ["none.ini"], "train", "none.ini")

    def test_a_folder_in_the_place_of_a_configuration_is_named(self):
        (self.folder / "folder.ini").mkdir()
        self.refuses(MISSING, ["folder.ini"], "train", "folder.ini")


class BadCommandLine(ProgramTest):
    def test_an_unknown_command_gets_a_suggestion(self):
        self.refuses(USAGE, ["trian", "did you mean train?"], "trian", "small.ini")

    def test_an_unknown_option_gets_a_suggestion(self):
        self.write_config()
        self.refuses(USAGE, ["--overwrte", "did you mean --overwrite?"], "train", "small.ini", "--overwrte")

    def test_an_option_of_other_tools_is_answered_with_ours(self):
        self.write_config()
        for given, ours in (("--lr", "did you mean --weights.step?"), ("--batch-size", "did you mean --train.batch?"),
                            ("--hidden", "did you mean --network.layers? (all widths"),
                            ("--output-dir", "did you mean --out?"), ("--gpu", "cores of processors); leave it out")):
            with self.subTest(given=given):
                self.refuses(USAGE, [f"{given} is not an option of hoist train", ours], "train", "small.ini",
                             f"{given}=1", on=(1,))
        self.refuses(USAGE, ["lr is not a configuration key", "did you mean weights.step?"], "train", "small.ini",
                     "--set", "lr=0.1")
        self.refuses(USAGE, ["hoist inspect --help"], "inspect", "run", "--lr", "1", on=(1,))

    def test_options_are_not_guessed_from_their_beginning(self):
        self.write_config()
        self.refuses(USAGE, ["--over"], "train", "small.ini", "--over")

    def test_a_missing_argument_is_asked_for(self):
        self.refuses(USAGE, ["CONFIG"], "train")

    def test_a_surplus_argument_is_refused(self):
        self.write_config()
        self.refuses(USAGE, ["CONFIG"], "train", "small.ini", "small.ini")

    def test_threads_that_are_no_number_are_refused(self):
        self.write_config()
        self.refuses(USAGE, ["threads"], "train", "small.ini", "--threads", "many")
        self.refuses(USAGE, ["threads"], "train", "small.ini", "--threads", "-1")

    def test_resume_and_overwrite_exclude_each_other(self):
        self.write_config()
        self.refuses(USAGE, ["--resume", "--overwrite"], "train", "small.ini", "--resume", "--overwrite")


class BadGrid(ProgramTest):
    def test_a_grid_that_cannot_work_is_answered_with_one_that_can(self):
        self.write_config()
        cases = [(3, "grid.stages=5"), (3, "grid.shards=2,2"), (3, "grid.shards=2"), (1, "grid.shards=2"),
                 (3, "grid.shards=1,1,1,1"), (1, "grid.stages=2"), (4, "grid.stages=3 grid.shards=2,2")]
        for ranks, settings in cases:
            with self.subTest(ranks=ranks, settings=settings):
                given = [part for setting in settings.split() for part in ("--set", setting)]
                result = self.hoist("train", "small.ini", *given, ranks=ranks)
                self.assert_error(result, USAGE, "grid")
                named = re.search(r"grid\.stages = (\S+), grid\.shards = (\S+)", result.errors()[0])
                self.assertIsNotNone(named, result.errors()[0])
                self.succeed("train", "small.ini", "--set", f"grid.stages={named[1]}", "--set",
                             f"grid.shards={named[2]}", "--overwrite", ranks=ranks)

    def test_more_ranks_than_samples_work(self):
        self.write_config(data__samples=3, data__test_samples=2)
        self.succeed("train", "small.ini", ranks=7)


class DifferingRanks(ProgramTest):
    def differ(self, *arguments):
        first, second = ([HOIST, "train", "small.ini", *extra] for extra in ([], arguments))
        run = Run([*MPIRUN, "-n", "1", *first, ":", "-n", "2", *second], self.folder)
        self.addCleanup(run.end)
        return run.finish()

    def test_ranks_whose_configurations_differ_are_refused(self):
        self.write_config()
        before = self.files()
        self.assert_error(self.differ("--set", "train.seed=2"), USAGE, "rank")
        self.assertEqual(self.files(), before)

    def test_ranks_that_are_given_different_files_are_refused(self):
        self.write_config()
        self.write_config("other.ini", train__seed=2)
        run = Run([*MPIRUN, "-n", "1", HOIST, "train", "small.ini", ":", "-n", "1", HOIST, "train", "other.ini"],
                  self.folder)
        self.addCleanup(run.end)
        self.assert_error(run.finish(), USAGE, "rank")

    def test_ranks_of_which_one_has_an_unknown_option_end_together(self):
        self.write_config()
        self.assert_error(self.differ("--overwrte"), USAGE)

    def test_every_rank_ends_with_the_same_status(self):
        self.write_config()
        script = '"$@"; echo $? > status.$OMPI_COMM_WORLD_RANK'
        for arguments, status in ((["train", "none.ini"], MISSING), (["trian"], USAGE),
                                  (["train", "small.ini", "--set", "data.samples=0"], USAGE)):
            with self.subTest(arguments=arguments):
                run = Run([*MPIRUN, "-n", "3", "sh", "-c", script, "sh", HOIST, *arguments], self.folder)
                self.addCleanup(run.end)
                run.finish()
                written = [(self.folder / f"status.{rank}").read_text() for rank in range(3)]
                self.assertEqual(written, [f"{status}\n"] * 3)


if __name__ == "__main__":
    unittest.main()
