#include "hoist/config/familiar_keys.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "hoist/base/text.hpp"

namespace hoist {

namespace {

struct Row {
    /// Separated by blanks, with _ where others write -.
    const char* names;
    const char* ours;
    const char* remark = "";
};

constexpr std::array<Row, 32> table{{
    {"lr learning_rate learning_rate_init step_size eta", "weights.step"},
    {"epoch epochs num_epochs n_epochs max_epochs num_train_epochs max_iter", "train.epochs"},
    {"batch batch_size batchsize minibatch mini_batch bs", "train.batch"},
    {"optimizer optim solver", "weights.solver", "adam, sgd, muon, ridge, ..."},
    {"momentum beta1 beta_1", "weights.momentum"},
    {"beta2 beta_2", "weights.second_momentum"},
    {"weight_decay wd", "weights.decay"},
    {"l2 l2_reg l2_regularization regularization reg", "weights.ridge"},
    {"dropout dropout_rate p_drop", "train.dropout"},
    {"hidden hidden_size hidden_sizes hidden_dim hidden_units hidden_layers hidden_layer_sizes "
     "layer layers num_layers n_layers depth width units arch architecture",
     "network.layers", "all widths with - between them, as in 784-300-100-10"},
    {"activation activation_function nonlinearity act", "network.activation"},
    {"loss loss_function criterion objective", "network.output",
     "softmax for cross-entropy, linear for squared errors"},
    {"seed random_seed random_state manual_seed", "train.seed"},
    {"dtype precision float_type", "train.precision", "float or double"},
    {"scheduler lr_scheduler lr_schedule lr_policy schedule", "weights.schedule"},
    {"warmup warmup_ratio warmup_epochs warmup_steps", "weights.warmup", "a share of the run"},
    {"patience lr_patience", "weights.patience"},
    {"init initializer initialization weight_init kernel_initializer", "network.init"},
    {"dataset data data_dir data_path data_root datadir root", "data.path",
     "a folder; data.format says what is in it"},
    {"val validation val_split validation_split validation_fraction val_size dev",
     "data.validation"},
    {"normalize normalization standardize scale_inputs", "data.standardize"},
    {"smoothing label_smooth label_smoothing", "train.label_smoothing"},
    {"max_time timeout time_limit", "train.time_limit", "seconds"},
    {"save_every save_freq save_steps checkpoint_every checkpoint_interval", "checkpoint.every"},
    {"lambda lam penalty rho admm_rho", "formulation.lambda"},
    {"formulation method algorithm", "formulation.name"},
    {"output out_dir outdir output_dir save_dir log_dir logdir run_dir", "--out"},
    {"resume_from restore ckpt ckpt_path load_checkpoint continue", "--resume"},
    {"num_threads n_threads omp_num_threads blas_threads", "--threads"},
    {"verbose v silent q", "--quiet"},
    {"device gpu gpus cuda use_gpu use_cuda no_cuda accelerator", "",
     "hoist computes on the cores of processors"},
    {"ranks np nproc nproc_per_node world_size workers num_workers n_jobs jobs devices nodes", "",
     "ranks are started by mpirun -n N, or srun -n N"},
}};

}  // namespace

std::optional<FamiliarKey> familiar_key(std::string_view name) {
    const auto dot = name.rfind('.');
    std::string word(name.substr(dot == std::string_view::npos ? 0 : dot + 1));
    word.erase(0, std::min(word.find_first_not_of('-'), word.size()));
    std::ranges::transform(word, word.begin(), [](unsigned char c) {
        return c == '-' ? '_' : static_cast<char>(std::tolower(c));
    });
    for (const Row& row : table) {
        if (std::ranges::count(split(row.names, ' '), word) > 0) {
            return FamiliarKey{row.ours, row.remark};
        }
    }
    return std::nullopt;
}

}  // namespace hoist
